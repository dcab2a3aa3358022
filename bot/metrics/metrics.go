// Package metrics is what the bot counts of itself, for Prometheus. Labels are closed sets (intents, outcomes, method names,
// Slack's error codes): nothing that a person wrote becomes a label (providers are names of the bill). A nil [Metrics] counts nothing.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the bot's counters.
type Metrics struct {
	registry  *prometheus.Registry
	events    *prometheus.CounterVec
	questions *prometheus.CounterVec
	answer    prometheus.Histogram
	analysis  prometheus.Histogram
	ack       prometheus.Histogram
	posts     *prometheus.CounterVec
	retries   *prometheus.CounterVec
	plain     prometheus.Counter
	errors    *prometheus.CounterVec
	outbox    *prometheus.GaugeVec
	inbox     prometheus.Gauge
	connected prometheus.Gauge
	loads     prometheus.Gauge
	lastLoad  prometheus.Gauge
	through   *prometheus.GaugeVec
	sources   sourceGauges
}

// latencies are the histogram's bounds, in seconds: from a cached answer to one that a large store makes.
var latencies = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// New registers the metrics, the process's own included.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "spendbot", Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "spendbot", Name: name, Help: help, Buckets: latencies})
		m.registry.MustRegister(h)
		return h
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "spendbot", Name: name, Help: help}, labels)
		m.registry.MustRegister(g)
		return g
	}
	m.events = counter("events_total", "Events from Slack, by kind; fresh is no for redeliveries and pairs.", "kind", "fresh")
	m.questions = counter("questions_total", "Questions dealt with, by intent and outcome.", "intent", "outcome")
	m.answer = histogram("question_seconds", "From the arrival of a question to its answer in the outbox.")
	m.analysis = histogram("analysis_seconds", "Of it, reading and answering.")
	m.ack = histogram("ack_seconds", "From the arrival of an event to its acknowledgement.")
	m.posts = counter("posts_total", "Messages and files delivered to Slack, by method.", "method")
	m.retries = counter("post_retries_total", "Deliveries tried again, by cause.", "cause")
	m.plain = counter("posts_plain_total", "Messages whose blocks Slack refused, sent again as plain text.").WithLabelValues()
	m.errors = counter("slack_errors_total", "Errors of Slack's Web API, by method and code.", "method", "code")
	m.outbox = gauge("outbox", "Posts in the outbox, by state.", "state")
	m.inbox = gauge("inbox", "Events received and not dealt with.").WithLabelValues()
	m.connected = gauge("connected", "1 while Slack can reach the bot.").WithLabelValues()
	m.loads = gauge("store_loads", "Bills loaded into the store so far.").WithLabelValues()
	m.lastLoad = gauge("store_last_load_timestamp_seconds", "When the last bill was loaded.").WithLabelValues()
	m.through = gauge("store_complete_through_timestamp_seconds", "The last complete day of a provider's data.", "provider")
	m.sources = newSourceGauges(gauge)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus's text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Event counts an event from Slack.
func (m *Metrics) Event(kind string, fresh bool) {
	if m != nil {
		m.events.WithLabelValues(kind, yes(fresh)).Inc()
	}
}

// Question counts a question with how long it took from arrival to outbox, and how much of it was analysis.
func (m *Metrics) Question(intent, outcome string, all, analysis time.Duration) {
	if m != nil {
		m.questions.WithLabelValues(intent, outcome).Inc()
		m.answer.Observe(all.Seconds())
		m.analysis.Observe(analysis.Seconds())
	}
}

// Ack notes how long an acknowledgement took.
func (m *Metrics) Ack(d time.Duration) {
	if m != nil {
		m.ack.Observe(d.Seconds())
	}
}

// Posted counts a delivery.
func (m *Metrics) Posted(method string) {
	if m != nil {
		m.posts.WithLabelValues(method).Inc()
	}
}

// Retried counts a delivery that will be tried again.
func (m *Metrics) Retried(cause string) {
	if m != nil {
		m.retries.WithLabelValues(cause).Inc()
	}
}

// Plain counts a message that had to go as plain text.
func (m *Metrics) Plain() {
	if m != nil {
		m.plain.Inc()
	}
}

// SlackError counts an error of the Web API. The code must be Slack's or one of our own words, not free text.
func (m *Metrics) SlackError(method, code string) {
	if m != nil {
		m.errors.WithLabelValues(method, code).Inc()
	}
}

// Queues sets how much waits.
func (m *Metrics) Queues(inbox, pending, sending, failed int) {
	if m != nil {
		m.inbox.Set(float64(inbox))
		m.outbox.WithLabelValues("pending").Set(float64(pending))
		m.outbox.WithLabelValues("sending").Set(float64(sending))
		m.outbox.WithLabelValues("failed").Set(float64(failed))
	}
}

// Connected says whether Slack can reach the bot.
func (m *Metrics) Connected(up bool) {
	if m == nil {
		return
	}
	if up {
		m.connected.Set(1)
	} else {
		m.connected.Set(0)
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
