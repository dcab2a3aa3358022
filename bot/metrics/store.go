package metrics

import "time"

// Store sets what the cost store holds: how many loads are in force or superseded, when the last one came, and up to which
// day each provider's data is complete.
func (m *Metrics) Store(loads int, last time.Time, through map[string]time.Time) {
	if m == nil {
		return
	}
	m.loads.Set(float64(loads))
	if !last.IsZero() {
		m.lastLoad.Set(float64(last.Unix()))
	}
	for p, day := range through {
		m.through.WithLabelValues(p).Set(float64(day.Unix()))
	}
}
