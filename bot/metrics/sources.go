package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sourceGauges tell of the configured sources of bills, by their names in the configuration.
type sourceGauges struct {
	success *prometheus.GaugeVec
	age     *prometheus.GaugeVec
	waiting *prometheus.GaugeVec
	late    *prometheus.GaugeVec
}

func newSourceGauges(gauge func(name, help string, labels ...string) *prometheus.GaugeVec) sourceGauges {
	return sourceGauges{
		success: gauge("source_last_success_timestamp_seconds", "When a source of bills was last looked at with success.", "source"),
		age:     gauge("source_data_age_seconds", "From the end of the newest complete day of a source's data to now.", "source"),
		waiting: gauge("source_waiting_deliveries", "Deliveries of a source that are not loaded: not whole yet, refused, or failed.", "source"),
		late:    gauge("source_late", "1 while a source is later than its sla.", "source"),
	}
}

// Source sets how a source is: its last successful look, from when its newest complete day ended (zero for no data), how many
// deliveries are not loaded, and whether it is late.
func (m *Metrics) Source(name string, success, newest, now time.Time, waiting int, late bool) {
	if m == nil {
		return
	}
	if !success.IsZero() {
		m.sources.success.WithLabelValues(name).Set(float64(success.Unix()))
	}
	if !newest.IsZero() {
		m.sources.age.WithLabelValues(name).Set(now.Sub(newest).Seconds())
	}
	m.sources.waiting.WithLabelValues(name).Set(float64(waiting))
	is := 0.0
	if late {
		is = 1
	}
	m.sources.late.WithLabelValues(name).Set(is)
}
