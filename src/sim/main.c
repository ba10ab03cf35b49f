/* gazette-sim: options, signals, one line on standard output when it serves. See gazette-sim(1). */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "build.gen.h"
#include "core/log.h"
#include "sim/server.h"
#include "sim/state_file.h"
#include "text/when.h"

#define DEFAULT_LISTEN "127.0.0.1:8750"

static struct server *serving; /* for the signal handler only */

static void on_signal(int number unused_arg)
{
	int saved = errno;

	server_stop(serving);
	errno = saved;
}

/* Every connection is a descriptor, and the soft limit of a shell is lower than what the server takes. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int usage(FILE *out, int code)
{
	(void)fputs("usage: gazette-sim -c accounts.yaml [-v] [--listen ADDRESS:PORT] [--state FILE] [--seed N]\n"
		    "                   [--allow-remote] [--version]\n",
		out);
	return code;
}

/* Everything that can go wrong before serving is a configuration, an address or a file that cannot be used. */
static int fail(const struct error *err)
{
	(void)fprintf(stderr, "gazette-sim: %s\n", err->message);
	return EX_CONFIG;
}

static int serve(struct sim *sim, const struct server_options *options)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct error err;

	if (!server_new(sim, options, &serving, &err)) {
		return fail(&err);
	}
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)printf("listening on http://%s\n", server_address(serving));
	(void)fflush(stdout);
	log_info("sim.start address=%s accounts=%zu", server_address(serving), sim->n_accounts);
	server_run(serving);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	log_info("sim.stop ledger=%zu", sim->n_ledger);
	server_free(serving);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum { OPTION_LISTEN = 256, OPTION_STATE, OPTION_SEED, OPTION_REMOTE, OPTION_VERSION };
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "listen", required_argument, NULL, OPTION_LISTEN },
		{ "state", required_argument, NULL, OPTION_STATE },
		{ "seed", required_argument, NULL, OPTION_SEED },
		{ "allow-remote", no_argument, NULL, OPTION_REMOTE },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	struct server_options options = { .address = DEFAULT_LISTEN };
	const char *config = NULL;
	const char *state = NULL;
	int64_t seed = 1;
	struct sim *sim;
	struct error err;
	int option;
	int code;

	while ((option = getopt_long(argc, argv, "c:hv", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case OPTION_LISTEN:
			options.address = optarg;
			break;
		case OPTION_STATE:
			state = optarg;
			break;
		case OPTION_SEED:
			if (!str_to_i64(str_from(optarg), 0, INT64_MAX, &seed)) {
				(void)fprintf(stderr, "gazette-sim: --seed: expected a number\n");
				return EX_USAGE;
			}
			break;
		case OPTION_REMOTE:
			options.allow_remote = true;
			break;
		case OPTION_VERSION:
			(void)printf("gazette-sim %s\n", GAZETTE_VERSION);
			return EXIT_SUCCESS;
		case 'v':
			log_set_level(LOG_LEVEL_DEBUG);
			break;
		case 'h':
			return usage(stdout, EXIT_SUCCESS);
		default:
			return usage(stderr, EX_USAGE);
		}
	}
	if (!config || optind != argc) {
		return usage(stderr, EX_USAGE);
	}
	if (!when_set_zone("Asia/Shanghai", &err) || !sim_new(config, (uint64_t)seed, &sim, &err)) {
		return fail(&err);
	}
	raise_file_limit();
	code = state && !state_open(sim, state, &err) ? fail(&err) : serve(sim, &options);
	sim_free(sim);
	return code;
}
