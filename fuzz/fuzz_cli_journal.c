/*
 * Journals: what a file holds is the same whether it is read at once or was cut off anywhere and
 * mended; a record that is read is written and read again as it was; and a line with the right
 * check, whatever else is in it, is taken or refused. The first byte of the input says how.
 */
#include <assert.h>
#include <isa-l/crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "journal_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct journal_record *a, const struct journal_record *b)
{
    return a->time == b->time && a->took == b->took && a->status == b->status &&
           a->exitcode == b->exitcode && fsk_span_eq(a->err, b->err) &&
           fsk_span_eq(a->cache, b->cache) && fsk_span_eq(a->variant, b->variant) &&
           fsk_span_eq(a->url, b->url);
}

/* There and back. */
static void check_record(const struct journal_record *r)
{
    struct journal_record again;
    struct fsk_buf line;
    fsk_buf_init(&line, JOURNAL_LINE_MAX);
    if (journal_write(&line, r)) {
        assert(line.end && line.mem[line.end - 1] == '\n');
        assert(!memchr(line.mem, '\n', line.end - 1));
        assert(journal_parse(line.mem, line.end - 1, &again) && same(r, &again));
    }
    fsk_buf_fini(&line);
}

/* The bytes as what follows a check that is right. */
static void checked_line(const uint8_t *data, size_t size)
{
    struct journal_record r;
    char *line = malloc(size + 10);
    if (!line)
        abort();
    snprintf(line, 10, "%08x\t", crc32_gzip_refl(0, data, size));
    memcpy(line + 9, data, size);
    char *exact = malloc(size + 9); /* so that a byte too far is noticed */
    if (!exact)
        abort();
    memcpy(exact, line, size + 9);
    if (journal_parse(exact, size + 9, &r))
        check_record(&r);
    free(exact);
    free(line);
}

/* The bytes as a file, of which `end` are read. Returns how many records it has. */
static size_t read_file(int fd, size_t end, uint64_t *whole)
{
    struct journal_reader reader;
    struct journal_record r;
    enum journal_result result;
    size_t n = 0;
    journal_reader_init(&reader, fd, end);
    while ((result = journal_read(&reader, &r)) == JOURNAL_RECORD) {
        check_record(&r);
        n++;
    }
    assert(result == JOURNAL_END || result == JOURNAL_FOREIGN);
    assert(journal_read(&reader, &r) == result);
    assert(result == JOURNAL_FOREIGN || reader.whole <= end);
    assert(result == JOURNAL_FOREIGN || !end || n + reader.damaged + 1 == reader.line);
    *whole = result == JOURNAL_END ? reader.whole : end;
    journal_reader_fini(&reader);
    return n;
}

static void file(const uint8_t *data, size_t size)
{
    uint64_t whole, half;
    int fd = memfd_create("journal", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    size_t n = read_file(fd, size, &whole);
    assert(read_file(fd, size / 2, &half) <= n);
    assert(read_file(fd, whole, &half) == n && half == whole);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (data[0] & 1)
        checked_line(data + 1, size - 1);
    else
        file(data + 1, size - 1);
    return 0;
}
