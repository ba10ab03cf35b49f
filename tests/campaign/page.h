/*
 * A page of memory that the campaign shares with the shim in the daemon: what the daemon's clock and disk do wrong now.
 * The file behind it is named by CAMPAIGN_PAGE; CAMPAIGN_STATE is the directory whose files the disk faults are for.
 */
#ifndef TESTS_CAMPAIGN_PAGE_H
#define TESTS_CAMPAIGN_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

enum disk_fault { DISK_WELL, DISK_FULL, DISK_WRITE_FAILS, DISK_SYNC_FAILS, DISK_SHORT_WRITE };

struct page {
	_Atomic int64_t clock_ms; /* added to the wall clock */
	_Atomic uint32_t steps;   /* of that clock, counted; a futex */
	_Atomic int disk;         /* enum disk_fault */
	_Atomic int percent;      /* of the calls that the fault is for */
	_Atomic int64_t hits;
};

#endif
