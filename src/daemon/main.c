/*
 * gazetted: options, signals, exit code. Everything else is daemon.c and what it owns.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.gen.h"
#include "core/log.h"
#include "daemon/daemon.h"
#include "daemon/service.h"

#define DEFAULT_CONFIG "/etc/gazette/accounts.yaml"

struct program {
	struct daemon daemon;
	struct signal_watch on_term;
	struct signal_watch on_int;
	struct signal_watch on_hup;
};

static const char usage[] =
	"usage: gazetted [-c FILE] [--state DIR] [--socket PATH] [-v]\n"
	"       gazetted --check [-c FILE]\n"
	"\n"
	"  -c, --config FILE   accounts and rules (default " DEFAULT_CONFIG ")\n"
	"      --state DIR     where the store lives, instead of what FILE says\n"
	"  -s, --socket PATH   control socket, instead of what FILE says\n"
	"      --check         read FILE, say what is wrong with it, and exit\n"
	"  -v, --verbose       debug lines in the log\n"
	"      --version       print the version\n"
	"  -h, --help          this text\n"
	"\n"
	"Stays in the foreground and logs to standard error. SIGHUP reloads FILE, SIGTERM stops. See gazetted(8).\n";

static void stop(struct signal_watch *watch, struct program *program)
{
	(void)watch;
	daemon_stop(&program->daemon);
}

static void on_term(struct signal_watch *watch)
{
	stop(watch, container_of(watch, struct program, on_term));
}

static void on_int(struct signal_watch *watch)
{
	stop(watch, container_of(watch, struct program, on_int));
}

static void on_reloaded(void *data, const cJSON *gone, const struct error *err)
{
	(void)data;
	(void)gone;
	(void)err; /* logged where it happened */
	service_reloaded();
}

static void on_hup(struct signal_watch *watch)
{
	struct program *program = container_of(watch, struct program, on_hup);

	service_reloading();
	daemon_reload(&program->daemon, on_reloaded, NULL);
}

static int check(const char *path)
{
	struct rules *rules = NULL;
	struct error err = { 0 };

	if (!rules_load(path, NULL, &rules, &err)) {
		(void)fprintf(stderr, "gazetted: %s\n", err.message);
		return 1;
	}
	(void)printf("%s: %zu account%s, %zu group%s, %zu operator entr%s: no errors\n", path,
		rules->config->n_accounts, rules->config->n_accounts == 1 ? "" : "s", rules->config->n_groups,
		rules->config->n_groups == 1 ? "" : "s", rules->config->n_operators,
		rules->config->n_operators == 1 ? "y" : "ies");
	rules_unref(rules);
	return 0;
}

static int serve(const struct daemon_options *options)
{
	static struct program program;
	struct daemon *daemon = &program.daemon;
	struct error err = { 0 };
	int status = 0;

	if (!daemon_start(daemon, options, &err)) {
		(void)fprintf(stderr, "gazetted: %s\n", err.message);
		daemon_finish(daemon);
		return err.advice == ADVISE_RETRY ? 75 : 1;
	}
	signal_watch_start(daemon->loop, &program.on_term, SIGTERM, on_term);
	signal_watch_start(daemon->loop, &program.on_int, SIGINT, on_int);
	signal_watch_start(daemon->loop, &program.on_hup, SIGHUP, on_hup);
	daemon_run(daemon);
	if (daemon->start_error.advice) {
		(void)fprintf(stderr, "gazetted: %s\n", daemon->start_error.message);
		status = daemon->start_error.advice == ADVISE_RETRY ? 75 : 1;
	}
	signal_watch_stop(daemon->loop, &program.on_term);
	signal_watch_stop(daemon->loop, &program.on_int);
	signal_watch_stop(daemon->loop, &program.on_hup);
	daemon_finish(daemon);
	if (status == 0) {
		log_info("daemon.stopped");
	}
	return status;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "state", required_argument, NULL, 'S' },
		{ "socket", required_argument, NULL, 's' },
		{ "check", no_argument, NULL, 'C' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct daemon_options options = { .config_path = DEFAULT_CONFIG, .socket_fd = -1 };
	bool only_check = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:s:vh", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.config_path = optarg;
			break;
		case 'S':
			options.state_dir = optarg;
			break;
		case 's':
			options.socket_path = optarg;
			break;
		case 'C':
			only_check = true;
			break;
		case 'v':
			log_set_level(LOG_LEVEL_DEBUG);
			break;
		case 'V':
			(void)printf("gazetted %s\n", GAZETTE_VERSION);
			return 0;
		case 'h':
			(void)fputs(usage, stdout);
			return 0;
		default:
			(void)fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "gazetted: unexpected argument \"%s\"\n%s", argv[optind], usage);
		return 2;
	}
	if (only_check) {
		return check(options.config_path);
	}
	(void)umask(0077);
	(void)signal(SIGPIPE, SIG_IGN);
	options.socket_fd = service_socket();
	return serve(&options);
}
