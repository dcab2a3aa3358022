package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spendbot/analysis/demo"
	"spendbot/bot/sandbox"
)

// BenchmarkLatency times questions from the moment they are written in Slack to the moment their answer is read there, one
// after the other and four at a time, and how much of that the bot adds to the analysis itself (the time in an answer's trace).
// SPENDBOT_BENCH_STORE names a demo store; of a copy of it is asked. Where it is not set, one of 200,000 line items is made.
//
// Places take turns, since Slack takes one message a second in each. One after the other means that an exchange is over, its
// picture drawn and posted, before the next question is asked.
func BenchmarkLatency(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "store")
	if kept := os.Getenv("SPENDBOT_BENCH_STORE"); kept != "" {
		if err := os.CopyFS(dir, os.DirFS(kept)); err != nil {
			b.Fatal(err)
		}
	} else if err := buildStore(dir, demo.Options{Rows: 200_000}); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		at   int // at a time
	}{{"one", 1}, {"four", 4}} {
		b.Run(c.name, func(b *testing.B) { latency(b, dir, c.at) })
	}
}

// exchange is one question as it went.
type exchange struct {
	text                 string
	all, analysis, added time.Duration
}

func latency(b *testing.B, dir string, together int) {
	people := crowdOf(60, 23)
	r := newRig(b, rigOptions{store: dir, company: &people.company, config: faultsConfig()}).start()
	warm := &asked{user: sandbox.Ana, channel: sandbox.CloudCosts, text: at("why did spend change last week?")}
	r.put(warm) // the first answer opens the snapshot and makes the survey
	r.waitAnswers([]*asked{warm}, 1, calm)
	r.quiet(calm)

	var got []exchange
	for b.Loop() {
		got = got[:0]
		list := benchQuestions()
		var mu sync.Mutex
		var wg sync.WaitGroup
		next := make(chan int)
		for range together {
			wg.Go(func() {
				for i := range next {
					q := &asked{user: people.people[i%len(people.people)], text: list[i]}
					if i%2 == 1 {
						q.channel, q.text = people.channels[i/2%len(people.channels)], at(q.text)
					}
					begin := time.Now()
					r.put(q)
					seen := r.seen(q)
					mu.Lock()
					got = append(got, exchange{text: q.text, all: seen.Sub(begin), analysis: r.analysis(q)})
					mu.Unlock()
					if together == 1 {
						r.quiet(calm)
					}
				}
			})
		}
		for i := range list {
			next <- i
		}
		close(next)
		wg.Wait()
	}
	for i := range got {
		got[i].added = got[i].all - got[i].analysis
	}
	ms := func(q float64, of func(exchange) time.Duration) float64 { return quantileMS(got, q, of) }
	all := func(e exchange) time.Duration { return e.all }
	analysis := func(e exchange) time.Duration { return e.analysis }
	added := func(e exchange) time.Duration { return e.added }
	b.ReportMetric(ms(.5, all), "p50-ms")
	b.ReportMetric(ms(.95, all), "p95-ms")
	b.ReportMetric(ms(.5, analysis), "analysis-p50-ms")
	b.ReportMetric(ms(.95, analysis), "analysis-p95-ms")
	b.ReportMetric(ms(.5, added), "added-p50-ms")
	b.ReportMetric(ms(.95, added), "added-p95-ms")
	slices.SortFunc(got, func(a, b exchange) int { return cmp.Compare(b.added, a.added) })
	for _, e := range got[:8] {
		b.Logf("%4d ms of the bot's, %4d ms of analysis: %s", e.added.Milliseconds(), e.analysis.Milliseconds(), strings.TrimPrefix(e.text, at("")))
	}
	b.Logf("%d questions; the bot's own count: %.0f ms on average from arrival to outbox, %.0f of it reading and answering", len(got),
		1000*r.metric("spendbot_question_seconds_sum", "")/r.metric("spendbot_question_seconds_count", ""),
		1000*r.metric("spendbot_analysis_seconds_sum", "")/r.metric("spendbot_analysis_seconds_count", ""))
}

// seen waits for a question's answer and says when it was there.
func (r *rig) seen(q *asked) time.Time {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), calm)
	defer cancel()
	var when time.Time
	err := r.box.Wait(ctx, func(s *sandbox.Snapshot) bool {
		if s.Replies(q.channel, q.ts) == 0 {
			return false
		}
		when = time.Now()
		return true
	})
	if err != nil {
		r.t.Fatalf("%q: %v", q.text, err)
	}
	return when
}

// analysis is the time in the trace of a question's answer.
func (r *rig) analysis(q *asked) time.Duration {
	r.t.Helper()
	m := r.box.Thread(q.channel, q.ts)[1]
	id := answerIDs.FindString(body(m))
	db := r.state()
	defer db.Close()
	a, err := db.Answer(context.Background(), id)
	if err != nil {
		r.t.Fatalf("%q: %v; %s", q.text, err, m.Text)
	}
	return time.Duration(a.Answer.Trace.MS * float64(time.Millisecond))
}

// quantileMS is a quantile of something of the exchanges, in milliseconds.
func quantileMS(list []exchange, q float64, of func(exchange) time.Duration) float64 {
	var ds []time.Duration
	for _, e := range list {
		ds = append(ds, of(e))
	}
	slices.Sort(ds)
	return float64(ds[min(len(ds)-1, int(math.Ceil(q*float64(len(ds))))-1)].Microseconds()) / 1000
}

// benchQuestions are 120 different questions of all kinds, in an order that mixes them.
func benchQuestions() []string {
	accounts := []string{"payments-prod", "search-prod", "web-prod", "data-lake", "ml-prod", "platform-prod", "ads-prod", "retail-eu", "corp-prod", "warehouse-prod"}
	months := []string{"October", "September", "August", "July", "June", "May"}
	var list []string
	for i := range 10 {
		a, m := accounts[i], months[i%5]
		before := months[i%5+1]
		list = append(list,
			fmt.Sprintf("why did %s change in %s vs %s?", a, m, before),
			fmt.Sprintf("what did we spend on %s in %s?", a, m),
			fmt.Sprintf("top %d services in %s", 3+i, m),
			fmt.Sprintf("daily spend on %s in %s", a, before),
			fmt.Sprintf("spend by region on %s in %s", a, m),
			fmt.Sprintf("compare %s in %s with %s", a, m, before),
			fmt.Sprintf("spend by team in %s on %s", before, a),
			fmt.Sprintf("billed cost by account in %s, top %d", m, 4+i),
			fmt.Sprintf("top %d resources on %s in %s", 3+i%3, a, m),
			fmt.Sprintf("monthly spend on %s since %s", a, months[5-i%3]),
			[]string{"why did spend change last week?", "why did spend change last month?", "why did team payments change last week?", "why did team search change last month?",
				"why did EC2 change in October?", "why did S3 change in September vs August?", "why did spend change in us-east-1 last month?", "why did Azure change in October?",
				"why did Google Cloud change last month?", "why did spend change yesterday?"}[i],
			[]string{"how is the volume effect computed?", "how fresh is the data?", "how is effective cost computed?", "what is unblended cost?", "why did blub change?",
				"what is billed cost?", "how is the rate effect computed?", "who are you?", "what did blub spend in October?", "what did we spend?"}[i],
		)
	}
	return list
}
