package store

import (
	"context"
	"slices"
	"sync"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

// Sight is a snapshot as somebody may see it, through a lens. Answers are made through it, so that no query of theirs can look
// further.
type Sight struct {
	sn    *Snapshot
	scope []analysis.Filter
	lens  query.Lens
	used  *used
}

// used are the layers that a sight's queries were made through, and those of the sights beside it.
type used struct {
	mu     sync.Mutex
	layers []query.Layer
}

// Seen is the snapshot as a scope lets see it; no scope sees everything. It fails for a scope that is no condition on rows.
func (sn *Snapshot) Seen(scope []analysis.Filter) (*Sight, error) {
	return sn.SeenThrough(scope, query.Lens{})
}

// SeenThrough is [Snapshot.Seen] through a lens.
func (sn *Snapshot) SeenThrough(scope []analysis.Filter, lens query.Lens) (*Sight, error) {
	if _, _, err := lens.Resolve(query.Fragment{}, scope); err != nil {
		return nil, err
	}
	return &Sight{sn: sn, scope: scope, lens: lens, used: &used{}}, nil
}

// Beside is the same sight with a query connection of its own; see [Snapshot.Beside].
func (s *Sight) Beside() *Sight {
	return &Sight{sn: s.sn.Beside(), scope: s.scope, lens: s.lens, used: s.used}
}

// Whole is the same sight without its scope, for what has to be made from everything although its asker sees a part: a team's part
// of a shared cost hangs on what the others cost. No row of such a query is shown to whoever has a scope, and nothing but what the
// scope holds is told of what was made from it.
func (s *Sight) Whole() *Sight { return &Sight{sn: s.sn, lens: s.lens, used: s.used} }

// Lens is what the sight looks through.
func (s *Sight) Lens() query.Lens { return s.lens }

// Used are the layers of the lens that the queries so far were made through, the innermost first.
func (s *Sight) Used() []query.Layer {
	s.used.mu.Lock()
	defer s.used.mu.Unlock()
	var out []query.Layer
	for _, y := range s.lens.Layers {
		if slices.ContainsFunc(s.used.layers, func(u query.Layer) bool { return u.Key == y.Key }) {
			out = append(out, y)
		}
	}
	return out
}

// Query runs one SELECT over {daily} and {charges}, of which it sees the rows within the scope; see [Snapshot.Query]. The
// trace holds the SQL with the lens and the scope in it, so that it runs again as it stands.
func (s *Sight) Query(ctx context.Context, name string, f query.Fragment) (*Rows, analysis.QueryTrace, error) {
	f, layers, err := s.lens.Resolve(f, s.scope)
	if err != nil {
		return nil, analysis.QueryTrace{}, err
	}
	s.used.mu.Lock()
	for _, y := range layers {
		if !slices.ContainsFunc(s.used.layers, func(u query.Layer) bool { return u.Key == y.Key }) {
			s.used.layers = append(s.used.layers, y)
		}
	}
	s.used.mu.Unlock()
	return s.sn.Query(ctx, name, f.SQL, f.Params...)
}
