package anomaly

import (
	"hash/fnv"
	"math"
	"sync"
	"time"

	"encoding/binary"
)

// Memory keeps what was made of series, so that a scan after one more day judges that day alone. What it gives is what a scan without it
// gives: a series whose earlier days, announcements or settings are not the same is judged from its first day. It is safe for concurrent use;
// its size is that of the series scanned last.
type Memory struct {
	mu   sync.Mutex
	kept map[memoryKey]*detector
	used map[memoryKey]bool
}

type memoryKey struct {
	leaf  leaf
	level int
	start time.Time
}

// NewMemory is an empty one.
func NewMemory() *Memory { return &Memory{kept: map[memoryKey]*detector{}, used: map[memoryKey]bool{}} }

// begin forgets what the scan before the last did not need.
func (m *Memory) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.kept {
		if !m.used[k] {
			delete(m.kept, k)
		}
	}
	clear(m.used)
}

// detect is [Detect], from the first day on that is not known. Days from whole on are not complete, and are not kept.
func (m *Memory) detect(k memoryKey, s Series, whole int, set Settings) []Day {
	if m == nil {
		return Detect(s, set)
	}
	complete := s.first(whole)
	m.mu.Lock()
	d := m.kept[k]
	delete(m.kept, k)
	m.mu.Unlock()
	if d == nil || d.set != set || d.s.Unanswered != s.Unanswered || !d.continues(complete) {
		d = newDetector(complete, set)
	} else {
		d.grow(complete)
	}
	days := d.run()
	if whole < len(s.Costs) {
		more := d.clone()
		more.grow(s)
		days = more.run()
	}
	m.mu.Lock()
	d.room, d.print = room{}, fingerprint(complete, d.judged)
	m.kept[k], m.used[k] = d, true
	m.mu.Unlock()
	return days
}

// continues reports whether a series is the one that was judged, with further days.
func (d *detector) continues(s Series) bool {
	return len(s.Costs) >= d.judged && fingerprint(s, d.judged) == d.print
}

// fingerprint is of the first n days of a series.
func fingerprint(s Series, n int) uint64 {
	h := fnv.New64a()
	var b [8]byte
	put := func(v uint64) {
		binary.LittleEndian.PutUint64(b[:], v)
		_, _ = h.Write(b[:])
	}
	for i, c := range s.Costs[:n] {
		put(math.Float64bits(c))
		if s.Known == nil || s.Known[i] == nil {
			continue
		}
		m := s.Known[i]
		_, _ = h.Write([]byte(m.Way))
		for _, l := range m.Like {
			put(uint64(l))
		}
		if m.Money {
			put(1)
		}
	}
	return h.Sum64()
}
