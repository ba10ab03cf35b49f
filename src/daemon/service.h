/* Talking to the service manager (systemd): readiness, watchdog, sockets. Without libsystemd all of it does nothing. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

struct daemon;

int service_socket(void); /* the first socket we were started with, or -1 */
void service_ready(struct daemon *daemon);
void service_reloading(void);
void service_reloaded(void);
void service_stopping(void);
void service_finish(struct daemon *daemon);

#endif
