"""Runs a command on a pseudo-terminal as a user would: terminal.py COMMAND ARGUMENT...

Standard input has the steps, a JSON array of objects with one member each:
  expect: wait until this has been written, after what was expected before    send: type this
  size: [columns, rows], resize the window    attributes: note the terminal's attributes, then make the file of this name
  signal: name of a signal to the command    run: a command of the shell, which is waited for
Prints JSON: what was written, the attributes in their order, the exit code (negative: the signal that ended it).
"""
import fcntl, json, os, pty, select, signal, struct, subprocess, sys, termios, time

GUARD = 120


def resize(columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read(deadline):
    if time.monotonic() > deadline:
        raise TimeoutError
    if select.select([screen], [], [], 0.2)[0]:
        written.extend(os.read(screen, 65536))


steps = json.load(sys.stdin)
screen, terminal = pty.openpty()
resize(80, 24)
process = subprocess.Popen(sys.argv[1:], stdin=terminal, stdout=terminal, stderr=terminal,
                           preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
written, seen, attributes, failure = bytearray(), 0, [], None
try:
    for step in steps:
        (kind, value), = step.items()
        deadline = time.monotonic() + GUARD
        if kind == "expect":
            while (found := written.find(value.encode(), seen)) < 0:
                read(deadline)
            seen = found + len(value.encode())
        elif kind == "send":
            os.write(screen, value.encode())
        elif kind == "size":
            resize(*value)
        elif kind == "attributes":
            attributes.append(str(termios.tcgetattr(terminal)))
            open(value, "w").close()
        elif kind == "run":
            subprocess.run(["sh", "-c", value], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        elif kind == "signal":
            process.send_signal(getattr(signal, value))
    deadline = time.monotonic() + GUARD
    while process.poll() is None:
        read(deadline)
except TimeoutError:
    failure = f"waited too long for {step}"
finally:
    if process.poll() is None:
        process.kill()
        process.wait()
while select.select([screen], [], [], 0)[0]:
    written.extend(os.read(screen, 65536))
attributes.append(str(termios.tcgetattr(terminal)))
print(json.dumps({"Written": written.decode(errors="replace"), "Attributes": attributes,
                  "ExitCode": process.returncode, "Failure": failure}))
