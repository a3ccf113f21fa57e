"""Started by the checker as the model's process: carries its questions to the Python process that asked for the
check, and the answers back. python relay.py SOCKET"""

import os
import socket
import sys
import threading


def relay(path):
    there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    there.connect(path)

    def questions():
        while True:
            part = os.read(0, 1 << 16)
            if not part:
                break
            there.sendall(part)
        there.shutdown(socket.SHUT_WR)

    threading.Thread(target=questions, daemon=True).start()
    while True:
        part = there.recv(1 << 16)
        if not part:
            return
        while part:
            part = part[os.write(1, part) :]


if __name__ == "__main__":
    try:
        relay(sys.argv[1])
    except OSError as error:
        sys.exit("the process that asked for the check is gone: %s" % error)
