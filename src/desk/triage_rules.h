/*
 * Inside of the triage room: the rule set as triage_load() builds it and triage_run() reads it. Immutable after
 * loading, shared between threads by reference count.
 */
#ifndef DESK_TRIAGE_RULES_H
#define DESK_TRIAGE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

#define TRIAGE_RULE_BYTES   31 /* of a rule's id; what struct triage_span holds */
#define TRIAGE_PHRASE_CHARS 64

struct rule {
	char id[TRIAGE_RULE_BYTES + 1];
	char class[24];
	int priority;
};

/* A phrase of a rule, ending at a node of the automaton. */
struct phrase {
	uint32_t rule;
	uint32_t next; /* phrase that ends at the same node, index + 1; 0: none */
	uint16_t n_chars;
	bool cancels;    /* of `unless`, not of `any` */
	bool word_begin; /* begins with a Latin letter or a digit: must begin a word in the text, too */
	bool word_end;
};

/* Aho-Corasick over code points. Node 0 is the root. */
struct node {
	uint32_t code_point; /* of the edge that leads here */
	uint32_t child;      /* first; 0: none */
	uint32_t sibling;    /* next child of the same parent; 0: none */
	uint32_t fail;       /* the longest proper suffix that is a node */
	uint32_t out;        /* nearest node on the way of `fail` where a phrase ends; 0: none */
	uint32_t phrase;     /* first that ends here, index + 1; 0: none */
};

/* Edges by (node, code point): open addressing, a power of two, at most half full. */
struct edge {
	uint64_t key; /* node << 32 | code point; EDGE_NONE: free */
	uint32_t to;
};
#define EDGE_NONE UINT64_MAX

struct triage {
	unsigned refs; /* atomic */
	struct rule *rules;
	size_t n_rules;
	size_t cap_rules;
	struct phrase *phrases;
	size_t n_phrases;
	size_t cap_phrases;
	struct node *nodes;
	size_t n_nodes;
	size_t cap_nodes;
	struct edge *edges;
	size_t n_edges;   /* in use */
	size_t cap_edges; /* 0 or a power of two */
	uint16_t longest; /* phrase, in characters */
};

/* One character of a text that counts for matching, and where it stood. */
struct triage_char {
	uint32_t code_point; /* lower case, half width */
	uint32_t from_byte;
	uint32_t end_byte;
	uint32_t sentence; /* grows by one at every end of a sentence */
};

/*
 * The next character of *rest that counts: white space, punctuation, symbols, marks and fillers are skipped. `begin` is
 * where the whole text begins. *sentence counts sentence ends passed on the way. False at the end.
 */
bool triage_next_char(struct str *rest, const char *begin, uint32_t *sentence, struct triage_char *ret);

/* Latin letters and digits make words with borders; Chinese characters do not. */
bool triage_is_word(uint32_t code_point);

/* The child of a node, or 0. */
uint32_t triage_edge(const struct triage *triage, uint32_t node, uint32_t code_point);

/* Put one phrase in; links are made by triage_link() once all are in. */
void triage_add_phrase(struct triage *triage, uint32_t rule, bool cancels, const uint32_t *chars, size_t n);
void triage_link(struct triage *triage);

#endif
