package store

import (
	"context"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

// Sight is a snapshot as somebody may see it. Answers are made through it, so that no query of theirs can look further.
type Sight struct {
	sn    *Snapshot
	scope []analysis.Filter
}

// Seen is the snapshot as a scope lets see it; no scope sees everything. It fails for a scope that is no condition on rows.
func (sn *Snapshot) Seen(scope []analysis.Filter) (*Sight, error) {
	if _, err := query.Resolve(query.Fragment{}, scope); err != nil {
		return nil, err
	}
	return &Sight{sn: sn, scope: scope}, nil
}

// Beside is the same sight with a query connection of its own; see [Snapshot.Beside].
func (s *Sight) Beside() *Sight { return &Sight{sn: s.sn.Beside(), scope: s.scope} }

// Query runs one SELECT over {daily} and {charges}, of which it sees the rows within the scope; see [Snapshot.Query]. The
// trace holds the SQL with the scope in it, so that it runs again as it stands.
func (s *Sight) Query(ctx context.Context, name string, f query.Fragment) (*Rows, analysis.QueryTrace, error) {
	f, err := query.Resolve(f, s.scope)
	if err != nil {
		return nil, analysis.QueryTrace{}, err
	}
	return s.sn.Query(ctx, name, f.SQL, f.Params...)
}
