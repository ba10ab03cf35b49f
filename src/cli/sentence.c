/*
 * Sentences are recognised by the formats they were made with. po/daemon/extract.sh takes those out of the daemon's
 * sources, po/daemon/zh_CN.po has their translations, and the build makes a table of them. (A gettext domain of its own
 * would need the formats as a table all the same.)
 *
 * A format is tried against the whole text: its literal parts stand in the text in their order, a number matches %d,
 * anything matches %s. Of several formats that fit, the one with more literal bytes is meant. What was matched by %s
 * is itself tried, unless the format quotes it. A text that is no sentence as a whole is taken apart where messages are
 * put together: "context: sentence", "sentence; what to do", "sentence (what the platform said)", "sentence [rule]".
 *
 * The text may be hostile. Matching goes back, and taking apart tries again, so the work for one text is counted; when
 * it is used up, the rest stays as it is.
 */
#include "cli/sentence.h"

#include <string.h>

#include "cli/i18n.h"
#include "cli/output.h"
#include "core/attr.h"
#include "core/limits.h"
#include "sentences.gen.h"

#define CAPTURES_MAX 9u
#define DEPTH_MAX    12u
#define SAID_BYTES   4096u
#define WORK_MAX     (1u << 17) /* bytes looked at; an ordinary message takes some five thousand */
#define WEAK_BYTES   8u         /* "%s is %s" says too little: some of it must be known */

/* Marks a format that stands nowhere in one piece, or in a library: extract.sh finds it here. */
#define P_(format) format

/* Put together from several literals by the daemon, or said by the system and libraries to the daemon. */
static const char *const pieces[] unused_arg = {
	P_("; did you mean \"%s\"?"),
	P_("; did you mean %s?"),
	P_("did you mean %s?"),
	P_("paused: %s"),
	P_("parked: %s"),
	P_("removed: %s"),
	P_("Weibo %d"),
	P_("WeChat %d"),
	P_("Weibo"),
	P_("WeChat"),
	P_("%s: article %s"),
	P_("valid until %s"),
	P_("refused at %s"),
	P_("it may have been published"),
	P_("please log in again"),
	/* strerror() */
	P_("Permission denied"),
	P_("Operation not permitted"),
	P_("No such file or directory"),
	P_("No space left on device"),
	P_("Disk quota exceeded"),
	P_("Read-only file system"),
	P_("Input/output error"),
	P_("Is a directory"),
	P_("Not a directory"),
	P_("File exists"),
	P_("File too large"),
	P_("File name too long"),
	P_("Too many open files"),
	P_("Too many open files in system"),
	P_("Too many levels of symbolic links"),
	P_("Cannot allocate memory"),
	P_("Resource temporarily unavailable"),
	P_("Interrupted system call"),
	P_("Invalid argument"),
	P_("Address already in use"),
	P_("Cannot assign requested address"),
	P_("Connection refused"),
	P_("Connection reset by peer"),
	P_("Connection timed out"),
	P_("Network is unreachable"),
	P_("No route to host"),
	P_("Broken pipe"),
	P_("Exec format error"),
	P_("Text file busy"),
	P_("Device or resource busy"),
	P_("Directory not empty"),
	P_("Invalid cross-device link"),
	P_("Argument list too long"),
	P_("Too many links"),
	P_("Bad file descriptor"),
	P_("No such device or address"),
	P_("No such process"),
	P_("Network is down"),
	P_("Software caused connection abort"),
	P_("Transport endpoint is not connected"),
	P_("Protocol error"),
	P_("No buffer space available"),
	P_("Structure needs cleaning"),
	P_("Stale file handle"),
	/* SQLite */
	P_("database is locked"),
	P_("database or disk is full"),
	P_("disk I/O error"),
	P_("database disk image is malformed"),
	P_("attempt to write a readonly database"),
	P_("unable to open database file"),
	P_("file is not a database"),
	/* libcurl, and OpenSSL through it */
	P_("Could not resolve host: %s"),
	P_("Failed to connect to %s port %d after %d ms: %s"),
	P_("Failed to connect to %s port %d: %s"),
	P_("Couldn't connect to server"),
	P_("Connection timed out after %d milliseconds"),
	P_("Operation timed out after %d milliseconds with %d bytes received"),
	P_("Operation timed out after %d milliseconds with %d out of %d bytes received"),
	P_("Resolving timed out after %d milliseconds"),
	P_("SSL connection timeout"),
	P_("Empty reply from server"),
	P_("Recv failure: %s"),
	P_("Send failure: %s"),
	P_("transfer closed with %d bytes remaining to read"),
	P_("transfer closed with outstanding read data remaining"),
	P_("Received HTTP/0.9 when not allowed"),
	P_("Timeout was reached"),
	P_("Couldn't resolve host name"),
	P_("SSL connect error"),
	P_("SSL peer certificate or SSH remote key was not OK"),
	P_("Failure when receiving data from the peer"),
	P_("Failed sending data to the peer"),
	P_("Server returned nothing (no headers, no data)"),
	P_("SSL certificate problem: %s"),
	P_("SSL: no alternative certificate subject name matches target host name '%s'"),
	P_("self-signed certificate"),
	P_("self-signed certificate in certificate chain"),
	P_("unable to get local issuer certificate"),
	P_("certificate has expired"),
	P_("certificate is not yet valid"),
	P_("unable to get issuer certificate"),
	P_("unable to verify the first certificate"),
	P_("certificate revoked"),
	P_("hostname mismatch"),
	P_("IP address mismatch"),
	P_("invalid CA certificate"),
	P_("unsuitable certificate purpose"),
	P_("SSL: certificate subject name '%s' does not match target host name '%s'"),
	P_("SSL: unable to obtain common name from peer certificate"),
	P_("OpenSSL SSL_connect: %s in connection to %s"),
	P_("OpenSSL SSL_read: %s, errno %d"),
	P_("TLS connect error: %s"),
	/* libyaml */
	P_("could not find expected ':'"),
	P_("did not find expected ',' or ']'"),
	P_("did not find expected ',' or '}'"),
	P_("did not find expected '-' indicator"),
	P_("did not find expected key"),
	P_("did not find expected node content"),
	P_("did not find expected <document start>"),
	P_("did not find expected comment or line break"),
	P_("did not find expected whitespace or line break"),
	P_("did not find expected alphabetic or numeric character"),
	P_("did not find expected hexdecimal number"),
	P_("found unexpected ':'"),
	P_("found unexpected end of stream"),
	P_("found unexpected document indicator"),
	P_("found unexpected non-alphabetical character"),
	P_("found unknown escape character"),
	P_("found unknown directive name"),
	P_("found invalid Unicode character escape code"),
	P_("found character that cannot start any token"),
	P_("found a tab character where an indentation space is expected"),
	P_("found a tab character that violates indentation"),
	P_("found an indentation indicator equal to 0"),
	P_("found incompatible YAML document"),
	P_("found undefined tag handle"),
	P_("found undefined alias"),
	P_("block sequence entries are not allowed in this context"),
	P_("mapping keys are not allowed in this context"),
	P_("mapping values are not allowed in this context"),
	/* regcomp() */
	P_("Invalid regular expression"),
	P_("Invalid collation character"),
	P_("Invalid character class name"),
	P_("Trailing backslash"),
	P_("Invalid back reference"),
	P_("Unmatched [, [^, [:, [., or [="),
	P_("Unmatched ( or \\("),
	P_("Unmatched ) or \\)"),
	P_("Unmatched \\{"),
	P_("Invalid content of \\{\\}"),
	P_("Invalid range end"),
	P_("Invalid preceding regular expression"),
	P_("Memory exhausted"),
	P_("Regular expression too big"),
};

struct capture {
	struct str text;
	bool quoted; /* a person's or a platform's word: never looked into */
};

struct reading {
	const struct sentence *table;
	size_t n_table;
	size_t work;      /* left */
	size_t n_named;   /* names of ours among what was written */
	struct str whole; /* what the format in hand began with */
	struct capture captures[CAPTURES_MAX];
};

static const struct {
	const char *language;
	const struct sentence *table;
	size_t n;
} tables[] = {
	{ "zh_CN", sentences_zh_CN, ARRAY_LEN(sentences_zh_CN) },
};

const struct sentence *sentence_table(const char *language, size_t *ret_n)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		if (strcmp(language, tables[i].language) == 0) {
			*ret_n = tables[i].n;
			return tables[i].table;
		}
	}
	return NULL;
}

/* The language that messages are in: their catalogue's own head says which that is. "": the one they are written in. */
static void find_language(char *language, size_t room)
{
	static const char name[] = "Language: ";
	static const char nothing[] = ""; /* the head is the translation of nothing */
	const char *head = strstr(gettext(nothing), name);
	size_t n = 0;

	if (head) {
		head += sizeof(name) - 1;
		n = strcspn(head, "\n");
		n = n < room ? n : room - 1;
		memcpy(language, head, n);
	}
	language[n] = '\0';
}

/* ---- matching ---- */

static bool spend(struct reading *reading, size_t n)
{
	if (reading->work < n) {
		reading->work = 0;
		return false;
	}
	reading->work -= n;
	return true;
}

static size_t number_length(struct str text)
{
	size_t n = text.n > 0 && text.p[0] == '-' ? 1 : 0;
	size_t sign = n;

	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9') {
		n++;
	}
	return n > sign ? n : 0;
}

static bool is_conversion(const char *format)
{
	return format[0] == '%' && format[1] != '%';
}

/* A context in front of a sentence ("weibo-main: ") is not part of what %s at its beginning stands for. */
static bool is_context(const struct reading *reading, struct str text, size_t n)
{
	return text.p == reading->whole.p && str_starts(str_sub(text, n, text.n), STR(": "));
}

static bool match(struct reading *reading, const char *format, size_t n_captures, bool quoted, struct str text);

static bool match_text(struct reading *reading, const char *format, size_t n_captures, bool quoted, struct str text)
{
	struct capture *capture = &reading->captures[n_captures];

	for (size_t n = 0; n <= text.n && spend(reading, 1); n++) {
		bool tail = !format[0] && n < text.n;

		if (!tail && (!format[0] || (n < text.n && format[0] == text.p[n])) &&
			match(reading, format, n_captures + 1, quoted, str_sub(text, n, text.n))) {
			*capture = (struct capture){ str_sub(text, 0, n), quoted };
			return true;
		}
		if (is_context(reading, text, n)) {
			break;
		}
	}
	return false;
}

/* quoted: a quotation mark was opened by the literal before. */
static bool match(struct reading *reading, const char *format, size_t n_captures, bool quoted, struct str text)
{
	for (; *format && !is_conversion(format); format++, text = str_sub(text, 1, text.n)) {
		if (text.n == 0 || *format != text.p[0]) {
			return false;
		}
		quoted ^= *format == '"';
		format += *format == '%'; /* the first of "%%" */
	}
	if (!*format) {
		return text.n == 0;
	}
	if (n_captures == CAPTURES_MAX) {
		return false;
	}
	if (format[1] == 'd') {
		size_t n = number_length(text);

		if (n == 0 || !match(reading, format + 2, n_captures + 1, quoted, str_sub(text, n, text.n))) {
			return false;
		}
		reading->captures[n_captures] = (struct capture){ str_sub(text, 0, n), true };
		return true;
	}
	return match_text(reading, format + 2, n_captures, quoted, text);
}

static size_t literal_bytes(const char *format)
{
	size_t n = 0;

	for (; *format; format++) {
		if (*format == '%') {
			format++;
			n += *format == '%';
		} else {
			n++;
		}
	}
	return n;
}

/* ---- writing ---- */

static bool add(struct reading *reading, struct buf *out, struct str text, unsigned depth);

/* A state, a role, a kind: also a name of somebody else's may be that word, so it does not make a sentence known. */
static bool add_word(struct reading *reading, struct buf *out, struct str text)
{
	char word[32];

	if (text.n == 0 || text.n >= sizeof(word)) {
		return false;
	}
	memcpy(word, text.p, text.n);
	word[text.n] = '\0';
	if (i18n_word(word) == word) {
		return false;
	}
	reading->n_named++;
	(void)buf_add_text(out, i18n_word(word));
	return true;
}

/* Fill a translation in: "%s" is the next argument, "%2$s" the second. True: an argument is known as well. */
static bool fill(struct reading *reading, struct buf *out, const char *translated, const struct capture *captures,
	unsigned depth)
{
	bool known = false;
	size_t next = 0;

	for (const char *p = translated; *p; p++) {
		size_t i;

		if (p[0] != '%' || p[1] == '%') {
			(void)buf_add_char(out, *p);
			p += *p == '%';
			continue;
		}
		p++;
		if (p[0] >= '1' && p[0] <= '9' && p[1] == '$') {
			i = (size_t)(p[0] - '1');
			p += 2;
		} else {
			i = next++;
		}
		if (i >= CAPTURES_MAX) {
			continue;
		}
		if (captures[i].quoted) {
			(void)buf_add_str(out, captures[i].text);
		} else if (!add_word(reading, out, captures[i].text)) {
			known = add(reading, out, captures[i].text, depth + 1) || known;
		}
	}
	return known;
}

static void take_back(struct buf *out, size_t n)
{
	out->n = n;
	out->p[n] = '\0';
}

static bool add_whole(struct reading *reading, struct buf *out, struct str text, unsigned depth)
{
	const struct sentence *best = NULL;
	struct capture captures[CAPTURES_MAX] = { 0 };
	size_t best_bytes = 0;
	size_t before = out->n;
	size_t n_named = reading->n_named;

	reading->whole = text;
	for (size_t i = 0; i < reading->n_table && spend(reading, 1); i++) {
		const char *format = reading->table[i].format;

		if (!is_conversion(format) && (text.n == 0 || format[0] != text.p[0])) {
			continue;
		}
		if (match(reading, format, 0, false, text) && literal_bytes(format) > best_bytes) {
			best = &reading->table[i];
			best_bytes = literal_bytes(format);
			memcpy(captures, reading->captures, sizeof(captures));
		}
	}
	if (!best) {
		return false;
	}
	if (!fill(reading, out, best->translated, captures, depth) && reading->n_named == n_named &&
		best_bytes < WEAK_BYTES && strstr(best->format, "%s")) {
		take_back(out, before);
		return false;
	}
	return true;
}

/* Both parts of a text with what joins them there; false and nothing, when fewer than `least` of them are known. */
static bool add_parts(struct reading *reading, struct buf *out, struct str head, const char *joint, struct str tail,
	const char *end, int least, unsigned depth)
{
	size_t before = out->n;
	int n_known = add(reading, out, head, depth + 1);

	(void)buf_add_text(out, joint);
	n_known += add(reading, out, tail, depth + 1);
	(void)buf_add_text(out, end);
	if (n_known < least) {
		take_back(out, before);
	}
	return n_known >= least;
}

/* Where the last part that stands in these brackets begins: the place of the blank before it, or -1. */
static ptrdiff_t find_brackets(struct str text, char open, char close)
{
	size_t n_open = 0;

	if (text.n == 0 || text.p[text.n - 1] != close) {
		return -1;
	}
	for (size_t i = text.n; i-- > 1;) {
		n_open += text.p[i] == close;
		if (text.p[i] == open && --n_open == 0) {
			return text.p[i - 1] == ' ' ? (ptrdiff_t)i - 1 : -1;
		}
	}
	return -1;
}

static bool add_split(struct reading *reading, struct buf *out, struct str text, unsigned depth)
{
	static const struct {
		char open, close;
		const char *before, *after;
	} brackets[] = { { '[', ']', " [", "]" }, { '(', ')', "（", "）" } };
	static const struct {
		const char *from, *to;
		int least;
	} joints[] = { { "; ", "；", 2 }, { ": ", "：", 1 }, { "：", "：", 1 }, { "; ", "；", 1 } };

	for (size_t i = 0; i < ARRAY_LEN(brackets); i++) {
		ptrdiff_t at = find_brackets(text, brackets[i].open, brackets[i].close);

		if (at > 0 &&
			add_parts(reading, out, str_sub(text, 0, (size_t)at), brackets[i].before,
				str_sub(text, (size_t)at + 2, text.n - (size_t)at - 3), brackets[i].after, 1, depth)) {
			return true;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(joints); i++) {
		struct str from = str_from(joints[i].from);
		ptrdiff_t at = str_find(text, from);

		if (at >= 0 && add_parts(reading, out, str_sub(text, 0, (size_t)at), joints[i].to,
				       str_sub(text, (size_t)at + from.n, text.n), "", joints[i].least, depth)) {
			return true;
		}
	}
	return false;
}

static bool add(struct reading *reading, struct buf *out, struct str text, unsigned depth)
{
	if (depth < DEPTH_MAX && text.n > 0 && spend(reading, text.n) &&
		(add_whole(reading, out, text, depth) || add_split(reading, out, text, depth))) {
		return true;
	}
	(void)buf_add_str(out, text);
	return false;
}

bool sentence_add_in(const char *language, struct buf *out, struct str said)
{
	struct reading reading = { .work = WORK_MAX };

	reading.table = sentence_table(language, &reading.n_table);
	if (said.n > SAID_BYTES || !reading.table) {
		(void)buf_add_str(out, said);
		return false;
	}
	return add(&reading, out, said, 0);
}

bool sentence_add(struct buf *out, struct str said)
{
	char language[16];

	find_language(language, sizeof(language));
	return sentence_add_in(language, out, said);
}

void out_said(struct buf *out, const char *said)
{
	struct buf text;

	buf_init(&text, LIMIT_ANSWER_BYTES);
	(void)sentence_add(&text, str_from(said));
	out_safe(out, text.p);
	buf_finish(&text);
}
