"""_worker_site.py - a site of fixed capacity: 8 workers, each busy for 50 ms with a request.

The ninth request stands in the listen queue. One connection per request, as nginx makes them. Its
port is the first line of its output.
"""
import socket
import threading
import time

WORKERS, BUSY = 8, 0.05
ANSWER = b'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nfine\n'


def work(listener):
    while True:
        conn = listener.accept()[0]
        with conn:
            free = time.monotonic() + BUSY
            request = b''
            while not request.endswith(b'\r\n\r\n'):
                part = conn.recv(65536)
                if not part:
                    break
                request += part
            time.sleep(max(0, free - time.monotonic()))
            conn.sendall(ANSWER)


if __name__ == '__main__':
    with socket.create_server(('127.0.0.1', 0), backlog=1024) as server:
        print(server.getsockname()[1], flush=True)
        threads = [threading.Thread(target=work, args=(server,), daemon=True) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
