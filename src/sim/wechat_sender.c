/*
 * Pushing to the accounts' callback addresses: connections of its own, because the platform here is the client. One
 * connection per delivery, five seconds of real time for the answer, the next delivery five seconds of the virtual
 * clock after the last one began.
 *
 * An epoll descriptor of its own stands in the server's; wx_sender_turn() runs in every turn of its loop.
 *
 * source  developer guide, "receiving ordinary messages" (subscription tree), mirror read 2026: five seconds, three
 *         deliveries (also chanxuehong/wechat#98), the sentence a citizen sees, a minute of silence after many
 * failures. That 5xx and refused connections are repeated and other answers are not: source unverified
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/mem.h"
#include "sim/wechat_envelope.h"
#include "sim/wechat_world.h"

#define ANSWER_MAX_BYTES  (1u << 20)
#define REQUEST_MAX_BYTES (16u << 20)
#define FLIGHTS_MAX       256
#define EVENTS_PER_TURN   64
#define DEAF_MS           MINUTE_MS

enum push_state { PUSH_WAITING, PUSH_FLYING, PUSH_ENDED };

struct wx_push {
	struct wx_push *next; /* sender.active */
	int64_t number;
	struct wx_push_order order; /* owns xml */
	enum push_state state;
	int64_t due_at;   /* virtual */
	int64_t begun_at; /* virtual: the delivery that flies, or the last one */
	int64_t deliveries;
	int64_t flying;
	/* how it ended */
	const char *outcome;
	const char *why;
	int64_t http_status; /* of the last answer; 0: there was none */
	char *saw;
	char type[40];
	struct buf answers; /* JSON objects, one for each delivery */
};

/* One delivery on its way. */
struct flight {
	struct flight *next; /* sender.flights */
	struct wx_push *push;
	int fd;
	struct wx_letter letter;
	struct buf out;
	size_t sent;
	struct buf in;
	int64_t begun_ms; /* monotonic */
	int64_t due_ms;
	bool done;
};

struct wx_sender {
	struct wechat *wechat;
	int epoll_fd;
	struct wx_push **pushes; /* by number - 1 */
	size_t n_pushes, cap_pushes;
	struct wx_push *active; /* those that have not ended, oldest first */
	struct flight *flights;
	size_t n_flights;
	struct buf *last; /* by account: the last request that was answered, for replays */
};

static struct wx_sender *sender_of(struct wechat *wechat)
{
	struct wx_sender *sender = wechat->sender;

	if (!sender) {
		sender = xnew(struct wx_sender);
		sender->wechat = wechat;
		sender->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		sender->last = xnew_array(struct buf, wechat->n_accounts);
		for (size_t i = 0; i < wechat->n_accounts; i++) {
			buf_init(&sender->last[i], REQUEST_MAX_BYTES);
		}
		wechat->sender = sender;
	}
	return sender;
}

int wechat_fd(struct sim *sim)
{
	return sim->wechat ? sender_of(sim->wechat)->epoll_fd : -1;
}

static void flight_free(struct flight *flight)
{
	if (flight->fd >= 0) {
		(void)close(flight->fd);
	}
	buf_finish(&flight->out);
	buf_finish(&flight->in);
	free(flight);
}

void wx_sender_free(struct wx_sender *sender)
{
	if (!sender) {
		return;
	}
	while (sender->flights) {
		struct flight *flight = sender->flights;

		sender->flights = flight->next;
		flight_free(flight);
	}
	for (size_t i = 0; i < sender->n_pushes; i++) {
		free(sender->pushes[i]->order.xml);
		free(sender->pushes[i]->saw);
		buf_finish(&sender->pushes[i]->answers);
		free(sender->pushes[i]);
	}
	free(sender->pushes);
	for (size_t i = 0; i < sender->wechat->n_accounts; i++) {
		buf_finish(&sender->last[i]);
	}
	free(sender->last);
	if (sender->epoll_fd >= 0) {
		(void)close(sender->epoll_fd);
	}
	free(sender);
}

/* ---- how pushes end ---- */

static void end(struct wx_push *push, const char *outcome, const char *why)
{
	struct wx_account *account = push->order.account;
	struct wx_citizen *citizen = push->order.citizen;
	char id[32];

	push->state = PUSH_ENDED;
	push->outcome = outcome;
	push->why = why;
	(void)snprintf(id, sizeof(id), "push-%" PRId64, push->number);
	if (!citizen || push->order.attack) {
		return;
	}
	if (push->saw) {
		wx_citizen_line(citizen, WX_LINE_AUTO, push->saw);
		wx_note(account, "auto-reply", account->set.callback_url,
			(struct wx_seen){ .remote_id = id, .text = push->saw, .to = citizen->openid });
	} else if ((strcmp(outcome, "fault") == 0 || strcmp(outcome, "lost") == 0) && !push->order.silent) {
		wx_citizen_line(citizen, WX_LINE_FAULT, WX_FAULT_TEXT);
		wx_note(account, "fault", account->set.callback_url,
			(struct wx_seen){
				.remote_id = id, .title = why, .text = WX_FAULT_TEXT, .to = citizen->openid });
	}
}

/* MarkFail: after many failures nothing is pushed for a minute, and what should have been is lost. */
static void count_failure(struct wx_account *account)
{
	account->push_failed++;
	if (++account->failures >= account->set.markfail_after && account->set.markfail_after) {
		account->failures = 0;
		account->deaf_until = wx_now(account) + DEAF_MS;
		log_info("sim.markfail account=%s", account->name);
	}
}

static void add_answer(
	struct wx_push *push, const struct flight *flight, int64_t status, const char *result, struct str body)
{
	struct out out = { .buf = &push->answers, .comma = push->answers.n > 0 };

	out_object(&out, NULL);
	out_text(&out, "result", result);
	out_i64(&out, "http_status", status);
	out_str(&out, "body", str_sub(body, 0, 4096));
	out_i64(&out, "took_ms", clock_mono().ms - flight->begun_ms);
	out_object_end(&out);
	push->http_status = status;
}

static void failed(struct wx_push *push, const char *why)
{
	struct wx_account *account = push->order.account;

	bool probe = push->order.attack || push->order.verify;

	if (!probe) {
		count_failure(account);
	}
	if (push->flying || push->state == PUSH_ENDED) {
		return;
	}
	if (probe) {
		end(push, "refused", why);
	} else if (push->deliveries >= account->set.push_deliveries) {
		end(push, "fault", why);
	} else {
		push->state = PUSH_WAITING;
		push->due_at = push->begun_at + account->set.push_gap_ms;
	}
}

/* An answer with status 200. */
static void answered(struct wx_push *push, const struct flight *flight, struct str body)
{
	struct wx_account *account = push->order.account;
	struct wx_answer answer;

	if (push->order.verify) {
		bool same = str_is(body, flight->letter.echo);

		end(push, same ? "verified" : "refused", same ? NULL : "the answer is not echostr");
		return;
	}
	wx_answer_read(&flight->letter, body, &answer);
	if (push->state == PUSH_ENDED) {
		free(answer.saw); /* a copy that came second: the citizen sees one answer */
		return;
	}
	if (answer.verdict == WX_INVALID) {
		if (!push->order.attack) {
			count_failure(account);
		}
		end(push, push->order.attack ? "answered" : "fault", answer.why);
		return;
	}
	account->failures = 0;
	push->saw = answer.saw;
	(void)snprintf(push->type, sizeof(push->type), "%s", answer.type);
	end(push, answer.verdict == WX_SAID ? "reply" : body.n ? "success" : "empty", NULL);
	buf_clear(&account->wechat->sender->last[account->index]);
	(void)buf_add_str(&account->wechat->sender->last[account->index], buf_str(&flight->out));
}

static bool read_answer(const struct flight *flight, int64_t *ret_status, struct str *ret_body)
{
	struct str in = buf_str(&flight->in);
	ptrdiff_t head = str_find(in, STR("\r\n\r\n"));

	if (head < 0 || !str_starts(in, STR("HTTP/1.")) || !str_to_i64(str_sub(in, 9, 3), 100, 599, ret_status)) {
		return false;
	}
	*ret_body = str_sub(in, (size_t)head + 4, in.n);
	return true;
}

/* The connection is over, by whatever way. `why` NULL: the other side has closed it. */
static void land(struct wx_sender *sender, struct flight *flight, const char *why)
{
	struct wx_push *push = flight->push;
	struct str body = { 0 };
	int64_t status = 0;
	bool whole = !why && read_answer(flight, &status, &body);

	flight->done = true;
	sender->n_flights--;
	(void)close(flight->fd);
	flight->fd = -1;
	push->flying--;
	add_answer(push, flight, status, whole ? "answered" : why ? why : "reset", body);
	if (whole && status == 200) {
		answered(push, flight, body);
	} else if (whole && status < 500 && push->state != PUSH_ENDED && !push->order.attack && !push->order.verify) {
		count_failure(push->order.account);
		end(push, "fault", "the answer's status is not 200");
	} else {
		failed(push, why ? why : whole ? "the answer's status is not 200" : "the connection was closed");
	}
	if (!push->flying && push->state == PUSH_FLYING) {
		push->state = PUSH_WAITING;
	}
}

/* ---- connections ---- */

static bool address_of(const struct wx_url *url, struct sockaddr_storage *ret, socklen_t *ret_n)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)ret;
	const char *host = strcmp(url->host, "localhost") == 0 ? "127.0.0.1" : url->host;
	int64_t port;

	memset(ret, 0, sizeof(*ret));
	if (!str_to_i64(str_from(url->port), 1, 65535, &port)) {
		return false;
	}
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		*ret_n = sizeof(*four);
		return true;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	*ret_n = sizeof(*six);
	return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
}

static bool connect_to(struct wx_sender *sender, struct flight *flight)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP, .data.ptr = flight };
	struct sockaddr_storage address;
	struct wx_url url;
	socklen_t n;

	if (!wx_url_parse(flight->push->order.account->set.callback_url, &url) || !address_of(&url, &address, &n)) {
		return false;
	}
	flight->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (flight->fd < 0) {
		return false;
	}
	if (connect(flight->fd, (const struct sockaddr *)&address, n) < 0 && errno != EINPROGRESS) {
		return false;
	}
	return epoll_ctl(sender->epoll_fd, EPOLL_CTL_ADD, flight->fd, &event) == 0;
}

static void take_off(struct wx_sender *sender, struct wx_push *push)
{
	struct wx_account *account = push->order.account;
	struct flight *flight = xnew(struct flight);
	bool ready;

	flight->push = push;
	flight->fd = -1;
	flight->letter = (struct wx_letter){
		.order = &push->order,
		.to = push->order.citizen ? push->order.citizen->openid : "",
		.now_at = wx_now(account),
	};
	buf_init(&flight->out, REQUEST_MAX_BYTES);
	buf_init(&flight->in, ANSWER_MAX_BYTES);
	flight->begun_ms = clock_mono().ms;
	flight->due_ms = flight->begun_ms + account->set.push_timeout_ms;
	flight->next = sender->flights;
	sender->flights = flight;
	sender->n_flights++;
	push->flying++;
	account->push_total++;
	if (push->order.attack == WX_REPLAY) {
		ready = sender->last[account->index].n > 0 &&
			buf_add_str(&flight->out, buf_str(&sender->last[account->index]));
	} else {
		ready = wx_letter_write(&flight->letter, &flight->out);
	}
	if (!ready || !connect_to(sender, flight)) {
		land(sender, flight, ready ? "refused" : "no callback is set up");
	}
}

static void begin(struct wx_sender *sender, struct wx_push *push)
{
	struct wx_account *account = push->order.account;
	int64_t copies = push->deliveries ? 1 : push->order.copies;

	if (wx_now(account) < account->deaf_until || (!account->set.push_on && !push->order.verify)) {
		end(push, "lost",
			account->set.push_on ? "MarkFail: nothing is pushed for a minute" : "no callback is set up");
		return;
	}
	push->state = PUSH_FLYING;
	push->begun_at = wx_now(account);
	push->deliveries++;
	for (int64_t i = 0; i < copies; i++) {
		take_off(sender, push);
	}
}

static bool is_complete(const struct flight *flight)
{
	struct str in = buf_str(&flight->in);
	ptrdiff_t head = str_find(in, STR("\r\n\r\n"));
	struct str line;

	if (head < 0) {
		return false;
	}
	in = str_sub(in, 0, (size_t)head);
	while (str_split(&in, '\n', &line)) {
		static const char name[] = "content-length:";
		int64_t n;

		line = str_trim(line);
		if (line.n < sizeof(name) || strncasecmp(line.p, name, sizeof(name) - 1) != 0) {
			continue;
		}
		if (str_to_i64(str_trim(str_sub(line, sizeof(name) - 1, line.n)), 0, ANSWER_MAX_BYTES, &n)) {
			return flight->in.n >= (size_t)head + 4 + (size_t)n;
		}
	}
	return false;
}

static void write_out(struct wx_sender *sender, struct flight *flight)
{
	while (flight->sent < flight->out.n) {
		ssize_t n = send(flight->fd, flight->out.p + flight->sent, flight->out.n - flight->sent, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		}
		if (n < 0 && !flight->sent) {
			land(sender, flight, "refused");
			return;
		}
		/* A server may answer before it has read everything, and close: its answer counts. */
		flight->sent = n < 0 ? flight->out.n : flight->sent + (size_t)n;
	}
	(void)epoll_ctl(sender->epoll_fd, EPOLL_CTL_MOD, flight->fd,
		&(struct epoll_event){ .events = EPOLLIN | EPOLLRDHUP, .data.ptr = flight });
}

static void read_in(struct wx_sender *sender, struct flight *flight)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = recv(flight->fd, chunk, sizeof(chunk), 0);

		if (n > 0) {
			if (!buf_add(&flight->in, chunk, (size_t)n)) {
				land(sender, flight, "the answer is too long");
				return;
			}
			if (is_complete(flight)) {
				land(sender, flight, NULL);
				return;
			}
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		}
		land(sender, flight, n < 0 && !flight->in.n ? "refused" : NULL);
		return;
	}
}

static void run_events(struct wx_sender *sender)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int n = epoll_wait(sender->epoll_fd, events, EVENTS_PER_TURN, 0);

	for (int i = 0; i < n; i++) {
		struct flight *flight = events[i].data.ptr;

		if (!flight->done && events[i].events & EPOLLOUT && flight->sent < flight->out.n) {
			write_out(sender, flight);
		}
		if (!flight->done && events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
			read_in(sender, flight);
		}
	}
}

static void reap(struct wx_sender *sender)
{
	struct flight **at = &sender->flights;
	int64_t now_ms = clock_mono().ms;

	while (*at) {
		struct flight *flight = *at;

		if (!flight->done && now_ms >= flight->due_ms) {
			land(sender, flight, "timeout");
		}
		if (flight->done) {
			*at = flight->next;
			flight_free(flight);
		} else {
			at = &flight->next;
		}
	}
}

static void start_due(struct wx_sender *sender)
{
	struct wx_push **at = &sender->active;

	while (*at) {
		struct wx_push *push = *at;

		if (push->state == PUSH_WAITING && sender->n_flights < FLIGHTS_MAX &&
			sender->wechat->sim->now_at >= push->due_at) {
			begin(sender, push);
		}
		if (push->state == PUSH_ENDED && !push->flying) {
			*at = push->next;
			push->next = NULL;
		} else {
			at = &push->next;
		}
	}
}

void wx_sender_turn(struct wechat *wechat)
{
	struct wx_sender *sender = wechat->sender;

	if (!sender) {
		return;
	}
	if (sender->flights) {
		run_events(sender);
		reap(sender);
	}
	start_due(sender);
}

int64_t wx_sender_due_at(const struct wechat *wechat)
{
	int64_t due_at = INT64_MAX;

	for (const struct wx_push *push = wechat->sender ? wechat->sender->active : NULL; push; push = push->next) {
		if (push->state == PUSH_WAITING && wechat->sender->n_flights < FLIGHTS_MAX && push->due_at < due_at) {
			due_at = push->due_at;
		}
	}
	return due_at;
}

int wechat_wait_ms(struct sim *sim)
{
	int64_t due_at = wechat_due_at(sim);
	int64_t ms = INT64_MAX;

	if (due_at <= sim->now_at) {
		return 0;
	}
	if (due_at != INT64_MAX && !sim->clock.frozen_at) {
		ms = due_at - sim_clock_at(&sim->clock);
	}
	for (const struct flight *flight = sim->wechat && sim->wechat->sender ? sim->wechat->sender->flights : NULL;
		flight; flight = flight->next) {
		int64_t left_ms = flight->done ? 0 : flight->due_ms - clock_mono().ms;

		ms = left_ms < ms ? left_ms : ms;
	}
	if (ms == INT64_MAX) {
		return -1;
	}
	return ms < 0 ? 0 : ms < 60000 ? (int)ms : 60000;
}

/* ---- ordering and waiting ---- */

int64_t wx_push(const struct wx_push_order *order)
{
	struct wx_sender *sender = sender_of(order->account->wechat);
	struct wx_push *push = xnew(struct wx_push);
	struct wx_push **at = &sender->active;

	push->order = *order;
	push->state = PUSH_WAITING;
	push->due_at = wx_now(order->account) + order->delay_ms;
	buf_init(&push->answers, 1u << 20);
	array_grow(sender->pushes, sender->n_pushes, sender->cap_pushes);
	sender->pushes[sender->n_pushes++] = push;
	push->number = (int64_t)sender->n_pushes;
	while (*at) {
		at = &(*at)->next;
	}
	*at = push;
	return push->number;
}

static const struct wx_push *push_of(const struct sim *sim, int64_t number)
{
	const struct wx_sender *sender = sim->wechat ? sim->wechat->sender : NULL;

	return sender && number > 0 && number <= (int64_t)sender->n_pushes ? sender->pushes[number - 1] : NULL;
}

bool wechat_push_ended(const struct sim *sim, int64_t number)
{
	const struct wx_push *push = push_of(sim, number);

	return !push || (push->state == PUSH_ENDED && !push->flying);
}

void wechat_push_out(struct out *out, const struct sim *sim, int64_t number)
{
	const struct wx_push *push = push_of(sim, number);

	if (!push) {
		return;
	}
	out_i64(out, "push", push->number);
	out_text(out, "outcome", push->state == PUSH_ENDED ? push->outcome : "pending");
	out_text(out, "why", push->state == PUSH_ENDED ? push->why : NULL);
	out_i64(out, "deliveries", push->deliveries);
	out_i64(out, "http_status", push->http_status);
	out_text(out, "saw",
		push->saw ? push->saw
		: push->state == PUSH_ENDED && push->order.citizen && !push->order.attack &&
				(strcmp(push->outcome, "fault") == 0 || strcmp(push->outcome, "lost") == 0)
			? WX_FAULT_TEXT
			: NULL);
	out_text(out, "saw_type", push->saw ? push->type : NULL);
	out_array(out, "answers");
	if (push->answers.n) {
		out_raw(out, NULL, buf_str(&push->answers));
	}
	out_array_end(out);
}
