/* See world.h. */
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"

#define ANSWER_MAX (64u << 20)
#define CALL_MS    (20 * SECOND_MS)
#define START_MS   (60 * SECOND_MS)
#define STEP_MS    5 /* between two looks whether a program is ready */

static void noreturn_function die(const char *what)
{
	(void)fprintf(stderr, "campaign: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* splitmix64: the same seed, the same office. */
uint64_t world_random(struct world *world)
{
	uint64_t z = world->dice += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int64_t world_pick(struct world *world, int64_t limit)
{
	return (int64_t)(world_random(world) % (uint64_t)limit);
}

int64_t world_now_at(const struct world *world)
{
	return clock_wall_at() + world->ahead_ms;
}

void world_pause(int64_t ms)
{
	(void)poll(NULL, 0, (int)ms);
}

void world_account(const struct world *world, int64_t number, char *ret_name)
{
	bool weibo = number < world->n_weibo;

	(void)snprintf(
		ret_name, 32, "%s-%d", weibo ? "weibo" : "wechat", (int)(weibo ? number : number - world->n_weibo) + 1);
}

static int free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &n) < 0) {
		die("cannot find a free port");
	}
	(void)close(fd);
	return ntohs(address.sin_port);
}

static void write_config(const struct world *world)
{
	char path[600];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/accounts.yaml", world->dir);
	out = fopen(path, "we");
	if (!out) {
		die(path);
	}
	(void)fprintf(out,
		"office: {name: 平安示例, zone: Asia/Shanghai}\nstate: %s/state\nsocket: %s/control\n"
		"triage: %s/src/dist/triage.yaml\ncallback_listen: 127.0.0.1:%d\n"
		"platforms:\n  weibo: {base_url: 'http://127.0.0.1:%d'}\n  wechat: {base_url: 'http://127.0.0.1:%d'}\n"
		"accounts:\n",
		world->dir, world->dir, getenv("GAZETTE_SOURCE"), world->callback_port, world->weibo_port,
		world->wechat_port);
	for (int i = 1; i <= world->n_weibo; i++) {
		(void)fprintf(out,
			"  weibo-%d:\n    platform: weibo\n    tier: %s\n    uid: \"%d\"\n    app_key: \"%d\"\n"
			"    app_secret: rehearsal-secret-1\n    rip: 203.0.113.7\n    token: 2.00rehearsal%d\n"
			"    redirect_uri: https://www.city.gov.example/weibo/callback\n"
			"    safe_domain: www.city.gov.example\n    calls_per_day: 10000000\n"
			"    posts_per_hour: 100000\n    reserve: 28\n    poll_min: 1s\n"
			"    find_after: 100ms\n    settle_lag: 4s\n",
			i, i % 2 ? "share" : "advanced", 1900000000 + i, 1000 + i, i);
	}
	for (int i = 1; i <= world->n_wechat; i++) {
		(void)fprintf(out,
			"  wechat-%d:\n    platform: wechat\n    kind: service\n    appid: wx%016x\n"
			"    app_secret: rehearsal-secret-%d\n    original_id: gh_%012x\n"
			"    callback_token: GovDeskToken2026\n    callback_mode: safe\n"
			"    aes_key: m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA\n    poll_min: 1h\n"
			"    find_after: 100ms\n    settle_lag: 4s\n    job_max: 20s\n    job_after: 200ms\n",
			i, (unsigned)i, i, (unsigned)i);
	}
	if (fclose(out) != 0) {
		die(path);
	}
}

/* A child whose output goes to DIR/NAME.log; it dies with us. */
static pid_t spawn(const struct world *world, const char *name, char *const argv[], const char *point)
{
	char path[600];
	pid_t pid;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s.log", world->dir, name);
	pid = fork();
	if (pid < 0) {
		die("fork");
	}
	if (pid > 0) {
		return pid;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	if (strcmp(name, "daemon") == 0) {
		(void)snprintf(path, sizeof(path), "%s/state", world->dir);
		(void)setenv("CAMPAIGN_STATE", path, 1);
		(void)snprintf(path, sizeof(path), "%s/page", world->dir);
		(void)setenv("CAMPAIGN_PAGE", path, 1);
		(void)setenv("LD_PRELOAD", getenv("CAMPAIGN_SHIM"), 1);
		if (point) {
			(void)setenv("GAZETTE_DIE_AT", point, 1);
		}
	}
	(void)execvp(argv[0], argv);
	die(argv[0]);
}

static pid_t spawn_sim(const struct world *world, const char *name, int port)
{
	char config[600], state[600], listen[64];
	char *argv[] = { "gazette-sim", "-c", config, "--listen", listen, "--state", state, NULL };

	(void)snprintf(config, sizeof(config), "%s/accounts.yaml", world->dir);
	(void)snprintf(state, sizeof(state), "%s/%s.state", world->dir, name);
	(void)snprintf(listen, sizeof(listen), "127.0.0.1:%d", port);
	if (strcmp(name, "weibo") != 0) {
		argv[5] = NULL;
	}
	return spawn(world, name, argv, NULL);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
	return buf_add(data, bytes, size * n) ? n : 0;
}

/* Status of the answer, 0 when there was none. */
static long http(struct world *world, const char *method, const char *url, const char *body, struct buf *out)
{
	long status = 0;

	curl_easy_reset(world->curl);
	(void)curl_easy_setopt(world->curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(world->curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(world->curl, CURLOPT_WRITEDATA, out);
	(void)curl_easy_setopt(world->curl, CURLOPT_TIMEOUT_MS, 60000L);
	(void)curl_easy_setopt(world->curl, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(world->curl, CURLOPT_NOSIGNAL, 1L);
	if (body) {
		(void)curl_easy_setopt(world->curl, CURLOPT_POSTFIELDS, body);
	}
	(void)curl_easy_setopt(world->curl, CURLOPT_CUSTOMREQUEST, method);
	if (curl_easy_perform(world->curl) == CURLE_OK) {
		(void)curl_easy_getinfo(world->curl, CURLINFO_RESPONSE_CODE, &status);
	}
	return status;
}

void world_forget_faults(struct world *world)
{
	const int ports[] = { world->weibo_port, world->wechat_port };

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		struct buf out;
		char url[100];

		buf_init(&out, ANSWER_MAX);
		(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/sim/fault", ports[i]);
		(void)http(world, "DELETE", url, NULL, &out);
		buf_finish(&out);
	}
}

static bool ask_port(struct world *world, int port, const char *path, cJSON *body, cJSON **ret_answer)
{
	cleanup(json_freep) cJSON *taken = body;
	cleanup(json_freep) cJSON *answer = NULL;
	struct buf text, out;
	struct error err;
	char url[600];
	long status;

	buf_init(&text, ANSWER_MAX);
	buf_init(&out, ANSWER_MAX);
	if (taken) {
		(void)json_print(&text, taken);
	}
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	status = http(world, taken ? "POST" : "GET", url, taken ? text.p : NULL, &out);
	if (status == 400) {
		(void)fprintf(stderr, "campaign: %s %s: %s\n", path, text.p, out.p);
	}
	if (status == 200 && ret_answer && json_parse(buf_str(&out), &answer, &err)) {
		*ret_answer = steal(&answer);
	} else if (status == 200 && ret_answer) {
		status = 0;
	}
	buf_finish(&text);
	buf_finish(&out);
	return status == 200;
}

bool world_sim(struct world *world, const char *account, const char *path, cJSON *body, cJSON **ret_answer)
{
	bool wechat = account && strncmp(account, "wechat", 6) == 0;

	return ask_port(world, wechat ? world->wechat_port : world->weibo_port, path, body, ret_answer);
}

void world_landing(struct world *world, const char *url, char *ret_url, size_t cap)
{
	struct buf out;
	char *to = NULL;

	buf_init(&out, ANSWER_MAX);
	(void)http(world, "GET", url, NULL, &out);
	(void)curl_easy_getinfo(world->curl, CURLINFO_REDIRECT_URL, &to);
	(void)snprintf(ret_url, cap, "%s", to ? to : "");
	buf_finish(&out);
}

static void await_sim(struct world *world, int port, const char *name)
{
	struct mono began = clock_mono();

	while (!ask_port(world, port, "/sim/clock", NULL, NULL)) {
		if (clock_since_ms(began) > START_MS) {
			die(name);
		}
		world_pause(STEP_MS);
	}
}

static void switches(struct world *world, const char *account, const char *json)
{
	cJSON *body = cJSON_Parse(json);

	json_add_text(body, "account", account);
	if (!world_sim(world, account, "/sim/account", body, NULL)) {
		(void)fprintf(stderr, "campaign: the simulator does not take %s of %s\n", json, account);
		exit(EXIT_FAILURE);
	}
}

void world_open(struct world *world)
{
	char path[600], name[32], json[500];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/page", world->dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*world->page)) < 0) {
		die(path);
	}
	world->page = mmap(NULL, sizeof(*world->page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (world->page == MAP_FAILED) {
		die(path);
	}
	(void)snprintf(path, sizeof(path), "%s/intents", world->dir);
	world->intents = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (world->intents < 0) {
		die(path);
	}
	world->curl = curl_easy_init();
	world->weibo_port = free_port();
	world->wechat_port = free_port();
	world->callback_port = free_port();
	write_config(world);
	world->weibo = spawn_sim(world, "weibo", world->weibo_port);
	world->wechat = spawn_sim(world, "wechat", world->wechat_port);
	await_sim(world, world->weibo_port, "weibo");
	await_sim(world, world->wechat_port, "wechat");
	for (int i = 0; i < world->n_weibo + world->n_wechat; i++) {
		world_account(world, i, name);
		if (i < world->n_weibo) {
			switches(world, name, "{\"ip_per_hour\":0,\"comments_per_hour\":0}");
			continue;
		}
		(void)snprintf(json, sizeof(json),
			"{\"callback_url\":\"http://127.0.0.1:%d/callback/"
			"%s\",\"push_deliveries\":10,\"push_gap_ms\":400,"
			"\"markfail_after\":0,\"publish_delay_ms\":300,\"quotas\":{\"/cgi-bin/freepublish/submit\":0,"
			"\"/cgi-bin/draft/add\":0}}",
			world->callback_port, name);
		switches(world, name, json);
	}
}

static void end(pid_t *pid, int signal)
{
	if (*pid > 0) {
		(void)kill(*pid, signal);
		(void)waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

void world_close(struct world *world)
{
	world_kill(world, SIGTERM);
	end(&world->locker, SIGTERM);
	end(&world->weibo, SIGTERM);
	end(&world->wechat, SIGTERM);
	curl_easy_cleanup(world->curl);
	(void)close(world->intents);
}

static bool dead(struct world *world)
{
	if (world->daemon > 0 && waitpid(world->daemon, NULL, WNOHANG) != world->daemon) {
		return false;
	}
	if (world->daemon > 0) {
		cJSON *line = json_object();

		world->daemon = 0;
		world->deaths++;
		world_log(world, "death", line);
	}
	client_freep(&world->client);
	return true;
}

bool world_start(struct world *world, const char *point)
{
	char config[600], path[600];
	char *argv[] = { "gazetted", "-c", config, NULL };
	struct mono began = clock_mono();
	struct error err;

	(void)snprintf(config, sizeof(config), "%s/accounts.yaml", world->dir);
	(void)snprintf(path, sizeof(path), "%s/control", world->dir);
	world->starts++;
	world->daemon = spawn(world, "daemon", argv, point);
	while (!client_connect(path, &world->client, &err)) {
		if (dead(world)) {
			return false;
		}
		if (clock_since_ms(began) > START_MS) {
			(void)fprintf(stderr, "campaign: the daemon does not come up: %s\n", err.message);
			exit(EXIT_FAILURE);
		}
		world_pause(STEP_MS);
	}
	return true;
}

bool world_ready(struct world *world)
{
	struct mono began = clock_mono();
	char path[600];
	struct error err;

	(void)snprintf(path, sizeof(path), "%s/control", world->dir);
	while (dead(world) || !world->client) {
		if (clock_since_ms(began) > START_MS) {
			(void)fprintf(stderr, "campaign: the daemon does not stay up\n");
			exit(EXIT_FAILURE);
		}
		if (world->daemon > 0 ? !client_connect(path, &world->client, &err) : !world_start(world, NULL)) {
			world_pause(STEP_MS * 10);
		}
	}
	return true;
}

void world_stop_striker(struct world *world)
{
	if (world->striker > 0) {
		end(&world->striker, SIGKILL);
		if (world->daemon > 0) {
			(void)kill(world->daemon, SIGCONT);
		}
	}
}

/* The daemon is our child, and its number its own until we have asked for its end: the striker ends before that. */
void world_strike(struct world *world, int64_t after_ms, int signal, int64_t then_ms, int then_signal)
{
	world_stop_striker(world);
	if (world->daemon <= 0) {
		return;
	}
	world->striker = fork();
	if (world->striker == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		world_pause(after_ms);
		(void)kill(world->daemon, signal);
		if (then_signal) {
			world_pause(then_ms);
			(void)kill(world->daemon, then_signal);
		}
		_exit(EXIT_SUCCESS);
	}
}

void world_kill(struct world *world, int signal)
{
	world_stop_striker(world);
	client_freep(&world->client);
	end(&world->daemon, signal);
}

void world_restart_weibo(struct world *world)
{
	end(&world->weibo, SIGKILL);
	world->restarts++;
	world->weibo = spawn_sim(world, "weibo", world->weibo_port);
	await_sim(world, world->weibo_port, "weibo");
}

void world_lock_store(struct world *world, int64_t ms)
{
	char script[900];
	char *argv[] = { "sh", "-c", script, NULL };

	end(&world->locker, SIGTERM);
	(void)snprintf(script, sizeof(script),
		"printf '.timeout 2000\\nBEGIN IMMEDIATE;\\n.shell sleep %d.%03d\\nROLLBACK;\\n' | exec sqlite3 "
		"'%s/state/store.db'",
		(int)(ms / 1000), (int)(ms % 1000), world->dir);
	world->locker = spawn(world, "locker", argv, NULL);
}

void world_set_clock(struct world *world, int64_t wrong_ms)
{
	cJSON *line = json_object();

	json_add_i64(line, "wrong_ms", wrong_ms);
	world_log(world, "clock", line);
	atomic_store(&world->page->clock_ms, wrong_ms + world->ahead_ms);
	atomic_fetch_add(&world->page->steps, 1);
	(void)syscall(SYS_futex, &world->page->steps, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	line = json_object();
	json_add_i64(line, "wrong_ms", wrong_ms);
	world_log(world, "clock", line);
}

void world_forward(struct world *world, int64_t ms)
{
	cJSON *body;

	body = json_object();
	json_add_i64(body, "ms", ms);
	world_log(world, "forward", body);
	world->ahead_ms += ms;
	body = json_object();
	json_add_i64(body, "advance", ms);
	(void)world_sim(world, NULL, "/sim/clock", body, NULL);
	body = json_object();
	json_add_i64(body, "advance", ms);
	(void)world_sim(world, "wechat", "/sim/clock", body, NULL);
	world_set_clock(world, 0);
}

enum answer world_call(struct world *world, const char *method, cJSON *params, cJSON **ret_result)
{
	cleanup(json_freep) cJSON *result = NULL;
	struct error err;

	if (!world->client) {
		cJSON_Delete(params);
		return ANSWER_UNKNOWN;
	}
	if (client_call(world->client, method, params, CALL_MS, &result, NULL, &err)) {
		if (ret_result) {
			*ret_result = steal(&result);
		}
		return ANSWER_YES;
	}
	if (err.domain == ERROR_OS || err.domain == ERROR_PROTO) {
		/* Whatever comes on this connection later is not an answer to the next call. */
		client_freep(&world->client);
		world->unanswered++;
		return ANSWER_UNKNOWN;
	}
	return err.advice == ADVISE_RETRY ? ANSWER_UNKNOWN : ANSWER_NO;
}

const char *answer_word(enum answer answer)
{
	switch (answer) {
	case ANSWER_YES:
		return "yes";
	case ANSWER_NO:
		return "no";
	case ANSWER_UNKNOWN:
		break;
	}
	return "unknown";
}

void world_log(struct world *world, const char *what, cJSON *line)
{
	cleanup(json_freep) cJSON *taken = line;
	struct buf out;

	json_add_text(taken, "what", what);
	json_add_i64(taken, "at", world_now_at(world));
	buf_init(&out, 1u << 20);
	(void)json_print(&out, taken);
	(void)buf_add_char(&out, '\n');
	if (write(world->intents, out.p, out.n) != (ssize_t)out.n) {
		die("intents");
	}
	buf_finish(&out);
}
