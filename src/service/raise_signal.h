/* The last thing a program does that ends because of a signal. */
#ifndef SERVICE_RAISE_SIGNAL_H
#define SERVICE_RAISE_SIGNAL_H

/* Raises the signal with its usual effect, so that a shell sees what has ended the
 * program. Free the watch over it first. Returns only if the signal does not end
 * programs. Main thread. */
void raise_signal(int signal_number);

#endif
