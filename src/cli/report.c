/* What goes to standard error: failures once each, words to whoever sits there, and warnings. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/sentence.h"
#include "codec/json.h"
#include "core/limits.h"
#include "text/when.h"

#define LINE_BYTES (16u << 10)

/* What is gathered for standard output comes first: the order of things is the order in which they happened. */
static void write_err(struct cli *cli, struct buf *line)
{
	if (!cli->term.out) {
		output_flush(cli, false);
	}
	(void)buf_add_char(line, '\n');
	(void)term_write(STDERR_FILENO, buf_str(line));
}

/* ---- failures ---- */

static enum exit_code exit_of(const struct cli *cli, const struct error *err)
{
	/* ask_connect() was refused: that is no ordinary system error. */
	if (cli->exit == EXIT_CODE_NO_DAEMON && !cli->client && err->domain == ERROR_OS) {
		return EXIT_CODE_NO_DAEMON;
	}
	return error_exit_code(err);
}

/* What to do about it, where the message cannot know: "" when it says all. */
static void add_advice(struct buf *out, const struct cli *cli, const struct error *err, enum exit_code code)
{
	if (code == EXIT_CODE_NO_DAEMON) {
		return; /* the message asks the right question */
	}
	switch (err->advice) {
	case ADVISE_RETRY:
		(void)buf_add_text(out, _("; try again later"));
		break;
	case ADVISE_WAIT:
		if (err->retry_ms > 0) {
			struct buf at;

			buf_init(&at, 64);
			(void)when_format_short(&at, cli_now_at(cli) + err->retry_ms, cli_now_at(cli));
			(void)buf_printf(out, _("; not before %s"), at.p);
			buf_finish(&at);
		}
		break;
	case ADVISE_REAUTH:
		(void)buf_add_text(out, _("; the account needs a login: gazette account login NAME"));
		break;
	case ADVISE_VERIFY:
		(void)buf_add_text(out, _("; look before you repeat it: gazette post list, gazette queue list"));
		break;
	case ADVISE_BUG:
		(void)buf_add_text(out, _("; this is a mistake in gazette: the daemon's log has more"));
		break;
	case ADVISE_NONE:
	case ADVISE_REJECT:
		break;
	}
}

static cJSON *error_json(const struct cli *cli, const struct error *err, const char *id, enum exit_code code)
{
	static const char *const members[] = { "findings", "rows" };
	cJSON *object = json_object();
	cJSON *ids = json_array();

	json_add_text(object, "error", err->message);
	json_add_i64(object, "code", err->code);
	json_add_text(object, "class", error_domain_name(err->domain));
	json_add_text(object, "advice", error_advice_name(err->advice));
	json_add_bool(object, "retryable",
		code == EXIT_CODE_NO_DAEMON || err->advice == ADVISE_RETRY || err->advice == ADVISE_WAIT);
	if (err->retry_ms > 0) {
		json_add_i64(object, "retry_ms", err->retry_ms);
	}
	json_add_i64(object, "exit", code);
	if (id) {
		json_push(ids, cJSON_CreateString(id));
	}
	json_add(object, "ids", ids);
	json_add_text(object, "draft", cli->draft);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const cJSON *item = json_get(cli->error_data, members[i]);

		json_add(object, members[i], item ? cJSON_Duplicate(item, true) : NULL);
	}
	return object;
}

enum exit_code report(struct cli *cli, const struct error *err, const char *id)
{
	enum exit_code code = exit_of(cli, err);
	struct buf line;

	buf_init(&line, LIMIT_ANSWER_BYTES);
	if (output_mode(cli) == OUTPUT_JSON) {
		cleanup(json_freep) cJSON *object = error_json(cli, err, id, code);

		json_safe(&line, object);
	} else {
		(void)buf_add_text(&line, "gazette: ");
		if (id) {
			out_safe(&line, id);
			(void)buf_add_text(&line, ": ");
		}
		out_said(&line, err->message);
		add_advice(&line, cli, err, code);
		if (cli->draft) {
			(void)buf_printf(&line, "\ngazette: ");
			(void)buf_printf(&line, _("your text is kept in %s"), cli->draft);
		}
	}
	write_err(cli, &line);
	buf_finish(&line);
	return code;
}

/* ---- words ---- */

static void say_err(struct cli *cli, const char *format, va_list args) printf_like(2, 0);

static void say_err(struct cli *cli, const char *format, va_list args)
{
	struct buf line;

	buf_init(&line, LIMIT_ANSWER_BYTES + LINE_BYTES);
	(void)buf_vprintf(&line, format, args);
	write_err(cli, &line);
	buf_finish(&line);
}

void note(struct cli *cli, const char *format, ...)
{
	va_list args;

	if (!cli->term.err || cli->quiet || output_mode(cli) == OUTPUT_JSON) {
		return;
	}
	va_start(args, format);
	say_err(cli, format, args);
	va_end(args);
}

void warn(struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_err(cli, format, args);
	va_end(args);
}

/* ---- several at once ---- */

bool for_each_word(struct cli *cli, char *const *words, size_t n,
	bool (*each)(struct cli *cli, const char *word, void *data, struct error *err), void *data, struct error *err)
{
	enum exit_code first = EXIT_CODE_DONE;
	bool unknown = false;
	size_t n_failed = 0;

	for (size_t i = 0; i < n; i++) {
		enum exit_code code;

		if (each(cli, words[i], data, err)) {
			continue;
		}
		if (n == 1) {
			return false;
		}
		code = report(cli, err, words[i]);
		error_clear(err);
		first = first ? first : code;
		unknown = unknown || code == EXIT_CODE_UNKNOWN;
		n_failed++;
		if (code == EXIT_CODE_NO_DAEMON) {
			n_failed = n; /* the others would say the same */
			first = code;
			break;
		}
	}
	if (n_failed > 0) {
		/* "Do not repeat" outweighs everything else. */
		cli->exit = unknown ? EXIT_CODE_UNKNOWN : n_failed == n ? first : EXIT_CODE_PARTIAL;
	}
	return true;
}
