"""The side-by-side benchmark of netkit. Start it with `bench/run`.

environment  where the programs, the cores and the temporary files are
servers      the table of servers that are compared, and how each is started
load         the load generator as a child process
measure      what the kernel says a server used: CPU time, memory, wake-ups
rows         the table of rows: what is measured, against whom, with which target
exact        system calls and instructions per request (strace, valgrind)
report       the Markdown
"""
