/* The report of broken links: what a URL's end, its redirects and its places mean for a link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "get_check.h"
#include "page_rig.h"

/* A run whose output is kept. */
struct rig {
    struct get_options o;
    struct report report;
    struct fingerprints urls;
    struct check check;
    struct fsk_buf text;
};

static void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    get_options_init(&rig->o);
    rig->o.check_links = 1;
    report_init(&rig->report, &rig->o);
    fsk_buf_init(&rig->text, 1 << 20);
    out_fini(&rig->report.out);
    out_init_buf(&rig->report.out, &rig->text);
    fingerprints_init(&rig->urls);
    check_init(&rig->check, &rig->o, &rig->report, &rig->urls);
}

static void rig_fini(struct rig *rig)
{
    check_fini(&rig->check);
    fingerprints_fini(&rig->urls);
    fsk_buf_fini(&rig->text);
    report_fini(&rig->report);
    get_options_fini(&rig->o);
}

static uint64_t id_of(struct rig *rig, const char *url)
{
    uint64_t id = fingerprint_of(&rig->urls, fsk_span_str(url));
    if (fingerprints_get(&rig->urls, id) == FINGERPRINT_ABSENT)
        assert_true(fingerprints_put(&rig->urls, id, CHECK_WAITING));
    return id;
}

static void links_to(struct rig *rig, unsigned line, const char *url, const char *fragment)
{
    struct check_link link = {.page = "http://p/",
                              .kind = PAGE_LINK_A,
                              .line = line,
                              .column = 1,
                              .has_fragment = fragment,
                              .url = fsk_span_str(url),
                              .fragment = fsk_span_str(fragment)};
    check_link(&rig->check, &link, id_of(rig, url));
}

/* A URL ends: `text` is why it has failed, or NULL; `to` where it redirects to, or NULL. */
static void ends(struct rig *rig, const char *url, const char *text, const char *to, bool page)
{
    struct fsock_response response = {.redirect_url = to ? to : ""};
    struct outcome outcome;
    outcome_fine(&outcome);
    if (text)
        outcome_fail(&outcome, EXIT_STATUS, "status", 0, "%s", text);
    check_ended(&rig->check, id_of(rig, url), &response, &outcome, page, to ? id_of(rig, to) : 0);
}

static void has_places(struct rig *rig, const char *url, const char *text)
{
    struct page_doc *doc = page_of(text);
    check_page(&rig->check, doc, id_of(rig, url), true);
    ends(rig, url, NULL, NULL, true);
    page_doc_free(doc);
}

/* The report's lines, and the summary's. */
static void reports(struct rig *rig, const char *lines, const char *summary)
{
    char text[200];
    check_report(&rig->check);
    out_flush(&rig->report.out);
    assert_int_equal(fsk_buf_terminate(&rig->text), FSOCK_OK);
    assert_string_equal(rig->text.mem + rig->text.start, lines);
    assert_string_equal(check_text(&rig->check, text, sizeof text), summary);
    assert_false(rig->check.failed);
}

static void what_a_link_leads_to(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig);
    links_to(&rig, 1, "http://h/fine", NULL);
    links_to(&rig, 2, "http://h/gone", NULL);
    links_to(&rig, 3, "http://h/to-gone", NULL);
    links_to(&rig, 4, "http://h/to-fine", NULL);
    links_to(&rig, 5, "http://h/round", NULL);
    links_to(&rig, 6, "http://h/far", NULL);
    links_to(&rig, 7, "http://h/unknown", NULL);
    links_to(&rig, 8, "http://h/gone", NULL);
    links_to(&rig, 9, "http://h/fine", "no-page");
    ends(&rig, "http://h/fine", NULL, NULL, false);
    ends(&rig, "http://h/gone", "head h: the answer is 404 Not Found", NULL, false);
    ends(&rig, "http://h/to-gone", NULL, "http://h/gone", false);
    ends(&rig, "http://h/to-fine", NULL, "http://h/fine", false);
    ends(&rig, "http://h/round", NULL, "http://h/round2", false);
    ends(&rig, "http://h/round2", NULL, "http://h/round", false);
    for (unsigned i = 0; i < 120; i++) {
        char from[40], to[40];
        snprintf(from, sizeof from, i ? "http://h/%u" : "http://h/far", i);
        snprintf(to, sizeof to, "http://h/%u", i + 1);
        ends(&rig, from, NULL, to, false);
    }
    reports(
        &rig,
        "http://p/:2: http://h/gone: the answer is 404 Not Found\n"
        "http://p/:3: http://h/to-gone: leads to http://h/gone: the answer is 404 Not Found\n"
        "http://p/:5: http://h/round: leads to http://h/round2: redirects go in a circle, or too "
        "far\n"
        "http://p/:6: http://h/far: leads to http://h/101: redirects go in a circle, or too far\n"
        "http://p/:8: http://h/gone: the answer is 404 Not Found\n",
        "9 links in 0 pages: 5 broken, 1 not checked");
    rig_fini(&rig);
}

static void places(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig);
    static const char *const there[] = {"one", "%6fne", "a%20b",     "caf\xc3\xa9", "top", "",
                                        "!x",  "/x",    ":~:text=y", "one:~:y",     "old"};
    static const char *const missing[] = {"two", "One", "tops", "%", "b"};
    for (unsigned i = 0; i < sizeof there / sizeof *there; i++)
        links_to(&rig, i, "http://h/page", there[i]);
    for (unsigned i = 0; i < sizeof missing / sizeof *missing; i++)
        links_to(&rig, 100 + i, "http://h/page", missing[i]);
    links_to(&rig, 200, "http://h/to-page", "one");
    links_to(&rig, 201, "http://h/to-page", "two");
    has_places(&rig, "http://h/page",
               "<p id=one><p id='a b'><p id=caf\xc3\xa9><a name=old><p name=b>");
    has_places(&rig, "http://h/other", "<p id=two>");
    ends(&rig, "http://h/to-page", NULL, "http://h/page", false);
    reports(&rig,
            "http://p/:100: http://h/page#two: the page has no such place\n"
            "http://p/:101: http://h/page#One: the page has no such place\n"
            "http://p/:102: http://h/page#tops: the page has no such place\n"
            "http://p/:103: http://h/page#%: the page has no such place\n"
            "http://p/:104: http://h/page#b: the page has no such place\n"
            "http://p/:201: http://h/to-page#two: leads to http://h/page: the page has no such "
            "place\n",
            "18 links in 2 pages: 6 broken");
    rig_fini(&rig);
}

static void what_ended_with_the_run_is_not_broken(void **state)
{
    struct rig rig;
    struct outcome outcome;
    struct fsock_response response = {.redirect_url = ""};
    (void)state;
    rig_init(&rig);
    links_to(&rig, 1, "http://h/a", NULL);
    links_to(&rig, 2, "http://h/b", NULL);
    outcome_fine(&outcome);
    outcome_fail(&outcome, EXIT_CANCELED, "canceled", 0, "interrupted");
    check_ended(&rig.check, id_of(&rig, "http://h/a"), &response, &outcome, false, 0);
    outcome_fine(&outcome);
    outcome_fail(&outcome, EXIT_TOO_BIG, fsock_err_name(FSOCK_ERR_SPENT), 0, "spent");
    check_ended(&rig.check, id_of(&rig, "http://h/b"), &response, &outcome, false, 0);
    reports(&rig, "", "2 links in 0 pages: 0 broken, 2 not checked");
    rig_fini(&rig);
}

static void reasons_have_a_ceiling(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig);
    links_to(&rig, 1, "http://h/a", NULL);
    links_to(&rig, 2, "http://h/b", NULL);
    ends(&rig, "http://h/a", "why", NULL, false);
    size_t kept = rig.check.reason_bytes;
    rig.check.reason_bytes = CHECK_REASONS - kept + 1;
    ends(&rig, "http://h/b", "why", NULL, false);
    reports(&rig,
            "http://p/:1: http://h/a: why\n"
            "http://p/:2: http://h/b: it has failed; too many have for all reasons to be kept\n",
            "2 links in 0 pages: 2 broken");
    rig_fini(&rig);
}

static void a_given_url_may_be_long(void **state)
{
    static char url[100000];
    struct rig rig;
    struct check_link link = {.page = "list", .given = true, .line = 7};
    (void)state;
    rig_init(&rig);
    memset(url, 'x', sizeof url - 1);
    link.url = fsk_span_str(url);
    check_link(&rig.check, &link, id_of(&rig, url));
    ends(&rig, url, "why", NULL, false);
    check_report(&rig.check);
    out_flush(&rig.report.out);
    assert_int_equal(fsk_buf_len(&rig.text), strlen("list:7: : why\n") + PAGE_URL);
    assert_false(rig.check.failed);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_link_leads_to),
        cmocka_unit_test(places),
        cmocka_unit_test(what_ended_with_the_run_is_not_broken),
        cmocka_unit_test(reasons_have_a_ceiling),
        cmocka_unit_test(a_given_url_may_be_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
