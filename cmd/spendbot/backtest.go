package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
)

// backtestWeeks is how many weeks are replayed where none are named.
const backtestWeeks = 13

// noChannel is where alerts go whose owner has no channel, where no fallback channel is configured.
const noChannel = "(no channel)"

func (a *app) backtest() *cobra.Command {
	var o struct {
		weeks int
		json  bool
	}
	c := &cobra.Command{
		Use:   "backtest",
		Short: "Say which alerts the last weeks would have brought, before anybody is bothered",
		Long: `Replays the last weeks day by day, each judged by the days before it alone, with the floors, known days and owners of the
configuration, and counts the alerts: for each channel a week, by the floor that let them through and by kind, and what became of them.
An alert that was over within two days is one that nobody could have acted on.`,
		Example: `  spendbot backtest --config spendbot.yaml
  spendbot backtest --config with-higher-floors.yaml --weeks 26
  spendbot backtest --json`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.weeks < 1 || o.weeks > 104 {
				return usageError{fmt.Errorf("--weeks is %d; write 1 to 104", o.weeks)}
			}
			var rp *anomaly.Replay
			ans, err := a.watched(c.Context(), fmt.Sprintf("spendbot backtest --weeks %d", o.weeks), "backtest", func(ctx context.Context, on watchedOn, ans *analysis.Answer) (err error) {
				on.Unanswered = nil // of today, and it is about the past
				if rp, err = anomaly.Backtest(ctx, on.sight, on.Options, o.weeks, on.Channel, a.fallbackChannel()); err != nil {
					return err
				}
				rp.Tell(ans)
				ans.Reading.Current = rp.Period
				return nil
			})
			if err != nil {
				return err
			}
			if o.json {
				return encode(a.stdout, backtestJSON{ans.ID, ans.Headline, rp.Period.Start.Format(analysis.DateLayout), rp.Period.Last().Format(analysis.DateLayout), rp.Weeks, rp.Channels(), rp.FloorRules(), rp.Kinds(), alertsJSON(rp.Alerts), ans.Trace.Queries})
			}
			return a.show(ans)
		},
	}
	f := c.Flags()
	f.IntVar(&o.weeks, "weeks", backtestWeeks, "how many weeks up to the last complete day")
	f.BoolVar(&o.json, "json", false, "print as JSON")
	return c
}

// backtestJSON is a replay for programs.
type backtestJSON struct {
	ID       string                `json:"id"`
	Headline string                `json:"headline"`
	From     string                `json:"from"`
	Through  string                `json:"through"`
	Weeks    int                   `json:"weeks"`
	Channels []anomaly.Tally       `json:"channels"`
	Floors   []anomaly.Tally       `json:"floors"`
	Kinds    []anomaly.Tally       `json:"kinds"`
	Alerts   []alertJSON           `json:"alerts"`
	Queries  []analysis.QueryTrace `json:"queries"`
}

type alertJSON struct {
	Day string `json:"day"`
	anomaly.Alert
}

func alertsJSON(in []anomaly.Alert) []alertJSON {
	out := []alertJSON{}
	for _, al := range in {
		out = append(out, alertJSON{al.Day.Format(analysis.DateLayout), al})
	}
	return out
}

// fallbackChannel is where alerts go that have no owner with a channel.
func (a *app) fallbackChannel() string { return cmp.Or(a.cfg.Incidents.Channel, noChannel) }
