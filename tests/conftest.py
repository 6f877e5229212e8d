"""For all tests."""

import signal

# A shell that starts the tests in the background lets them ignore Ctrl-C, and with them every
# process that they start, those too in which it is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
