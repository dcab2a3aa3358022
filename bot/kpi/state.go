package kpi

import (
	"context"
	"time"

	"spendbot/bot/state"
)

// FromState reads all incidents there are, with what happened to them.
func FromState(ctx context.Context, db *state.DB) ([]History, error) {
	incidents, err := db.Incidents(ctx, state.IncidentFilter{})
	if err != nil {
		return nil, err
	}
	changes, err := db.IncidentChanges(ctx, "", time.Time{})
	if err != nil {
		return nil, err
	}
	verdicts, err := db.Verdicts(ctx, "")
	if err != nil {
		return nil, err
	}
	return Histories(incidents, changes, verdicts), nil
}
