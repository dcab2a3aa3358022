package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/ingest"
	"spendbot/bot/sandbox/tracker"
)

// days lets days pass in a demo that has a store of its own: the company goes on, its bills come, and what somebody has mended by closing its
// ticket is mended.
type days struct {
	a       *app
	st      *opened
	tickets *tracker.Tracker
	ctx     context.Context // of the demo: a load ends with it

	mu    sync.Mutex
	fixed map[string]time.Time
}

// pass lets so many days pass and loads the bills of them.
func (d *days) pass(n int) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var mended []string
	for _, i := range d.tickets.Issues() {
		text, _ := i.Fields["description"].(string)
		for usageType, event := range demo.Fixable {
			if _, done := d.fixed[event]; done || i.Status.Category != "done" || i.Resolution == "Won't Do" || !strings.Contains(text, usageType) {
				continue
			}
			d.fixed[event] = analysis.DayOf(i.Resolved.UTC()).AddDate(0, 0, 1)
			mended = append(mended, i.Key)
		}
	}
	passed := int(d.a.passed.Load()) + n
	bills, err := os.MkdirTemp("", "spendbot-demo-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(bills)
	m, err := demo.Generate(d.ctx, bills, demo.Options{Now: d.a.now, Passed: passed, Fixed: maps.Clone(d.fixed)})
	if err != nil {
		return "", err
	}
	// Months that are over have not changed; the one before the current may have been corrected.
	from := analysis.MonthOf(m.End.AddDate(0, 0, -1-n)).Start.AddDate(0, -1, 0)
	for _, f := range m.Files {
		if f.Month.Before(from) {
			if err := os.Remove(filepath.Join(bills, f.Path)); err != nil {
				return "", err
			}
		}
	}
	if _, err := ingest.Load(d.ctx, d.st.Store, bills, ingest.Options{Now: d.a.now.AddDate(0, 0, passed)}); err != nil {
		return "", err
	}
	d.a.passed.Store(int64(passed))
	said := fmt.Sprintf("It is %s now, and the bills through %s are in.", d.a.now.AddDate(0, 0, passed).UTC().Format("Monday 2 January"), m.End.AddDate(0, 0, -1).Format("2 January"))
	if len(mended) > 0 {
		slices.Sort(mended)
		said += " What " + strings.Join(mended, " and ") + " was about is mended."
	}
	return said, nil
}
