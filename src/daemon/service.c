/* The service manager: sd_notify, the watchdog at half its time, socket activation. */
#include "daemon/service.h"

#include "build.gen.h"
#include "core/clock.h"
#include "daemon/daemon.h"

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

static void on_watchdog(struct timer *timer)
{
	struct daemon *daemon = container_of(timer, struct daemon, watchdog);

	(void)sd_notify(0, "WATCHDOG=1");
	timer_start(daemon->loop, &daemon->watchdog, daemon->watchdog_ms);
}

int service_socket(void)
{
	return sd_listen_fds(1) > 0 ? SD_LISTEN_FDS_START : -1;
}

void service_ready(struct daemon *daemon)
{
	uint64_t usec = 0;

	(void)sd_notify(0, "READY=1\nSTATUS=Publishing and gathering");
	if (sd_watchdog_enabled(0, &usec) > 0) {
		daemon->watchdog_ms = (int64_t)(usec / 2000);
		timer_init(&daemon->watchdog, on_watchdog);
		timer_start(daemon->loop, &daemon->watchdog, daemon->watchdog_ms);
	}
}

void service_reloading(void)
{
	(void)sd_notify(0, "RELOADING=1");
}

void service_reloaded(void)
{
	(void)sd_notify(0, "READY=1");
}

void service_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1\nSTATUS=Waiting for what is on its way");
}

void service_finish(struct daemon *daemon)
{
	if (daemon->watchdog_ms > 0) {
		timer_stop(daemon->loop, &daemon->watchdog);
	}
}
#else
int service_socket(void)
{
	return -1;
}

void service_ready(struct daemon *daemon unused_arg)
{
}

void service_reloading(void)
{
}

void service_reloaded(void)
{
}

void service_stopping(void)
{
}

void service_finish(struct daemon *daemon unused_arg)
{
}
#endif
