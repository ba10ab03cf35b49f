/*
 * Pictures, voices and videos that came with messages: fetched soon, because the platform forgets them after days, and
 * kept as files outside the database, named by the SHA-256 of their bytes (STATE/media/ab/abcdef...). One at a time:
 * nothing a citizen sends is worth a burst. And nothing is fetched while the disk is nearly full: what room is left is
 * for words, and anybody can send pictures.
 *
 * A file is written whole under another name, synced and renamed on the reader thread; only then its row says that it
 * is there. Purged ones are deleted when no other message has the same file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "codec/digest.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/ops.h"
#include "store/contact.h"
#include "store/media.h"

#define TRIES_MAX      6
#define RETRY_FIRST_MS (30 * SECOND_MS)
#define RETRY_MAX_MS   (6 * HOUR_MS)
#define PURGE_EVERY_MS HOUR_MS
#define PURGE_AT_ONCE  50
#define LATER_MS       (10 * MINUTE_MS)
#define ROOM_BYTES     (UINT64_C(1) << 30) /* that stays free, or a sixteenth of a smaller disk */

struct fetcher {
	struct daemon *daemon;
	struct due due;      /* ids are media */
	struct fetch *fetch; /* the one that is out; NULL: none */
	struct heap waiting; /* due, while one is out */
	struct timer timer;
	struct log_pace waits;
	struct purge *purge; /* NULL: none is under way */
};

struct fetch {
	struct job job;
	struct fetcher *fetcher;
	struct medium_row row;
	int64_t id;
	struct op_run run;
	struct message_media medium;
	struct buf bytes;
	char *mime;
	char sha256[65];
	struct error error; /* advice set: it failed */
	int64_t next_at;
};

struct purge {
	struct job job;
	struct fetcher *fetcher;
	int64_t before_at;
	struct contact_purged purged;
	char **hashes;
	size_t n;
};

static void begin(struct fetcher *fetcher, int64_t id);

static void fetch_end(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;
	struct heap_entry next;

	op_run_finish(&fetch->run);
	medium_row_finish(&fetch->row);
	buf_finish(&fetch->bytes);
	free(fetch->mime);
	free(fetch);
	fetcher->fetch = NULL;
	if (!fetcher->daemon->stopping && heap_pop_due(&fetcher->waiting, INT64_MAX, &next)) {
		begin(fetcher, next.id);
	}
}

/* ---- writing it down ---- */

static bool run_record(struct tx *tx, struct job *job, struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	return fetch->error.advice
		       ? medium_failed(tx, fetch->id, fetch->error.message, fetch->next_at, err)
		       : medium_fetched(tx, fetch->id, fetch->sha256, (int64_t)fetch->bytes.n, fetch->mime, err);
}

static void done_record(struct job *job, const struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	if (err) {
		log_warn("media.unrecorded medium=%" PRId64 " error=%s", fetch->id, log_text(err->message));
		due_add(&fetch->fetcher->due, loop_now_at(fetch->fetcher->daemon->loop) + RETRY_FIRST_MS, fetch->id);
	} else if (fetch->error.advice) {
		log_warn("media.unfetched medium=%" PRId64 " error=%s action=%s", fetch->id,
			log_text(fetch->error.message), fetch->next_at ? "again later" : "given up");
	} else {
		log_info("media.fetched medium=%" PRId64 " bytes=%zu", fetch->id, fetch->bytes.n);
	}
	fetch_end(fetch);
}

static void record(struct fetch *fetch)
{
	fetch->job = (struct job){ .run = run_record, .done = done_record };
	store_write(fetch->fetcher->daemon->store, &fetch->job);
}

static void fail(struct fetch *fetch, const struct error *err)
{
	bool enough = fetch->row.tries + 1 >= TRIES_MAX || err->advice == ADVISE_REJECT;
	int64_t wait_ms = err->advice == ADVISE_WAIT && err->retry_ms > 0
				  ? err->retry_ms
				  : RETRY_FIRST_MS << (fetch->row.tries < 8 ? 2 * fetch->row.tries : 16);

	fetch->error = *err;
	if (!fetch->error.advice) {
		fetch->error.advice = ADVISE_RETRY;
	}
	if (wait_ms > RETRY_MAX_MS) {
		wait_ms = RETRY_MAX_MS;
	}
	fetch->next_at = enough ? 0 : loop_now_at(fetch->fetcher->daemon->loop) + wait_ms;
	record(fetch);
}

/* ---- the file ---- */

static bool make_directory(const char *path, struct error *err)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST || error_set_errno(err, "cannot make %s", path);
}

static bool write_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno != EINTR) {
			return false;
		}
		bytes = n > 0 ? str_sub(bytes, (size_t)n, bytes.n) : bytes;
	}
	return true;
}

static bool save_file(const char *state_dir, const char *sha256, struct str bytes, struct error *err)
{
	char dir[PATH_MAX];
	char path[PATH_MAX + 80];
	char fresh[PATH_MAX + 96];
	int fd;
	bool ok;

	(void)snprintf(dir, sizeof(dir), "%s/media", state_dir);
	if (!make_directory(dir, err)) {
		return false;
	}
	(void)snprintf(dir, sizeof(dir), "%s/media/%.2s", state_dir, sha256);
	if (!make_directory(dir, err)) {
		return false;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", dir, sha256);
	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		return error_set_errno(err, "cannot write %s", fresh);
	}
	ok = write_all(fd, bytes) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(fresh, path) != 0) {
		(void)error_set_errno(err, "cannot write %s", path);
		(void)unlink(fresh);
		return false;
	}
	return true;
}

static bool run_file(struct tx *tx unused_arg, struct job *job, struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	digest_hex(buf_str(&fetch->bytes), fetch->sha256);
	return save_file(fetch->fetcher->daemon->state_dir, fetch->sha256, buf_str(&fetch->bytes), err);
}

static void done_file(struct job *job, const struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	if (err) {
		fail(fetch, err);
	} else {
		record(fetch);
	}
}

/* ---- fetching ---- */

static void on_outcome(struct op_run *run, struct outcome *outcome)
{
	struct fetch *fetch = container_of(run, struct fetch, run);
	struct daemon *daemon = fetch->fetcher->daemon;

	switch (outcome->kind) {
	case OUTCOME_NEXT:
		op_run_next(run, daemon, on_outcome);
		return;
	case OUTCOME_ERROR:
		if (outcome->error.advice == ADVISE_REAUTH) {
			struct account *account = daemon_account(daemon, fetch->row.account);

			if (account) {
				(void)renew_suspect(daemon, account, &run->token);
			}
		}
		fail(fetch, &outcome->error);
		return;
	case OUTCOME_DONE:
		buf_finish(&fetch->bytes);
		fetch->bytes = outcome->media;
		outcome->media = (struct buf){ 0 };
		fetch->mime = steal(&outcome->media_type);
		fetch->job = (struct job){ .run = run_file, .done = done_file };
		store_read(daemon->store, &fetch->job);
		return;
	}
}

static bool has_room(const struct fetcher *fetcher)
{
	struct statvfs fs;
	uint64_t keep;

	if (statvfs(fetcher->daemon->state_dir, &fs) != 0) {
		return true; /* writing it will tell */
	}
	keep = (uint64_t)fs.f_blocks * fs.f_frsize / 16;
	keep = keep < ROOM_BYTES ? keep : ROOM_BYTES;
	return (uint64_t)fs.f_bavail * fs.f_frsize >= keep + LIMIT_CITIZEN_MEDIA_BYTES;
}

static void fetch_later(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;

	due_add(&fetcher->due, loop_now_at(fetcher->daemon->loop) + LATER_MS, fetch->id);
	fetch_end(fetch);
}

static bool run_load(struct tx *tx, struct job *job, struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	return medium_load(tx, fetch->id, &fetch->row, err);
}

static void done_load(struct job *job, const struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);
	struct daemon *daemon = fetch->fetcher->daemon;
	struct account *account = err ? NULL : daemon_account(daemon, fetch->row.account);

	if (err || !fetch->row.open || daemon->stopping) {
		fetch_end(fetch);
		return;
	}
	if (!account || !account_hears(account)) {
		fetch_later(fetch);
		return;
	}
	if (!has_room(fetch->fetcher)) {
		int64_t more;

		if (log_pace(&fetch->fetcher->waits, clock_mono(), &more)) {
			log_warn("media.waits medium=%" PRId64 " action=%s", fetch->id,
				log_text("the disk is nearly full: nothing is fetched until there is room"));
		}
		fetch_later(fetch);
		return;
	}
	op_run_init(&fetch->run, account->driver, OP_MEDIA, account->config, daemon->rules, &account->token,
		account->remote_uid);
	fetch->medium = (struct message_media){ .type = fetch->row.type, .remote_id = fetch->row.remote_id };
	fetch->run.op.media = &fetch->medium;
	op_run_next(&fetch->run, daemon, on_outcome);
}

static void begin(struct fetcher *fetcher, int64_t id)
{
	struct fetch *fetch = xnew(struct fetch);

	fetch->fetcher = fetcher;
	fetch->id = id;
	fetcher->fetch = fetch;
	fetch->job = (struct job){ .run = run_load, .done = done_load };
	store_read(fetcher->daemon->store, &fetch->job);
}

static void on_due(struct due *due, int64_t at, int64_t id)
{
	struct fetcher *fetcher = container_of(due, struct fetcher, due);

	if (fetcher->daemon->stopping) {
		return; /* armed again at the next start */
	}
	if (fetcher->fetch) {
		heap_push(&fetcher->waiting, at, id);
	} else {
		begin(fetcher, id);
	}
}

/* ---- the purge ---- */

static void purge_end(struct purge *purge)
{
	purge->fetcher->purge = NULL;
	for (size_t i = 0; i < purge->n; i++) {
		free(purge->hashes[i]);
	}
	free(purge->hashes);
	free(purge);
}

static void remove_file(const struct fetcher *fetcher, const char *sha256)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/media/%.2s/%s", fetcher->daemon->state_dir, sha256, sha256);
	if (unlink(path) != 0 && errno != ENOENT) {
		log_warn("media.undeleted file=%s error=%s", log_text(path), log_text(strerror(errno)));
	}
}

static bool run_forget(struct tx *tx, struct job *job, struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	for (size_t i = 0; i < purge->n; i++) {
		if (!media_forget(tx, purge->hashes[i], err)) {
			return false;
		}
	}
	return true;
}

static void done_forget(struct job *job, const struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	if (err) {
		log_warn("media.unforgotten error=%s", log_text(err->message));
	} else if (purge->n > 0) {
		log_info("media.deleted files=%zu", purge->n);
	}
	purge_end(purge);
}

static bool run_list(struct tx *tx, struct job *job, struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	return media_purged(tx, &purge->hashes, &purge->n, err);
}

static void done_list(struct job *job, const struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	if (err || purge->n == 0) {
		purge_end(purge);
		return;
	}
	/* First the file, then its name: what a crash leaves is deleted again. */
	for (size_t i = 0; i < purge->n; i++) {
		remove_file(purge->fetcher, purge->hashes[i]);
	}
	purge->job = (struct job){ .run = run_forget, .done = done_forget };
	store_write(purge->fetcher->daemon->store, &purge->job);
}

static bool run_purge(struct tx *tx, struct job *job, struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	const struct contact_purge what = {
		.actor = &actor_daemon, .before_at = purge->before_at, .limit = PURGE_AT_ONCE
	};

	return contact_purge(tx, &what, &purge->purged, err);
}

static void done_purge(struct job *job, const struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	if (err) {
		log_warn("retention.unpurged error=%s", log_text(err->message));
		purge_end(purge);
		return;
	}
	if (purge->purged.citizens > 0) {
		log_info("retention.purged citizens=%" PRId64, purge->purged.citizens);
	}
	purge->job = (struct job){ .run = run_list, .done = done_list };
	store_read(purge->fetcher->daemon->store, &purge->job);
}

static void start_purge(struct fetcher *fetcher)
{
	struct daemon *daemon = fetcher->daemon;
	struct purge *purge;

	if (fetcher->purge || daemon->stopping) {
		return;
	}
	purge = xnew(struct purge);
	fetcher->purge = purge;
	purge->fetcher = fetcher;
	purge->before_at = loop_now_at(daemon->loop) - daemon->rules->config->retention_ms;
	purge->job = (struct job){ .run = run_purge, .done = done_purge };
	store_write(daemon->store, &purge->job);
}

static void on_timer(struct timer *timer)
{
	struct fetcher *fetcher = container_of(timer, struct fetcher, timer);

	start_purge(fetcher);
	timer_start(fetcher->daemon->loop, &fetcher->timer, PURGE_EVERY_MS);
}

void fetcher_effect(struct daemon *daemon, const struct effect *effect)
{
	if (effect->kind == EFFECT_MEDIA) {
		due_add(&daemon->fetcher->due, effect->at, effect->id);
	} else {
		start_purge(daemon->fetcher);
	}
}

struct fetcher *fetcher_new(struct daemon *daemon, struct error *err)
{
	struct fetcher *fetcher = xnew(struct fetcher);

	fetcher->daemon = daemon;
	if (!due_start(daemon->loop, &fetcher->due, on_due, NULL, err)) {
		free(fetcher);
		return NULL;
	}
	timer_init(&fetcher->timer, on_timer);
	timer_start(daemon->loop, &fetcher->timer, 10 * SECOND_MS);
	return fetcher;
}

void fetcher_free(struct fetcher *fetcher)
{
	if (!fetcher) {
		return;
	}
	timer_stop(fetcher->daemon->loop, &fetcher->timer);
	due_finish(&fetcher->due);
	heap_finish(&fetcher->waiting);
	free(fetcher);
}
