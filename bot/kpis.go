package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/event"
	"spendbot/bot/kpi"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// kpi deals with /spend kpi: how well incidents were caught, of all or of a team, within what the asker may see.
func (b *Bot) kpi(ctx context.Context, t *talk, rest string) (string, error) {
	o := kpi.Read(rest, b.opts.Today())
	list, err := b.histories(ctx, t.grant.Scope)
	if err != nil {
		return b.trouble(ctx, t, "kpi", err)
	}
	if o.Team != "" {
		teams := teamsOf(list)
		if i := slices.IndexFunc(teams, func(s string) bool { return strings.EqualFold(s, o.Team) }); i >= 0 {
			o.Team = teams[i]
		} else {
			text := fmt.Sprintf("No incident of a team %q is known.", o.Team)
			if len(teams) > 0 {
				text += " There are some of " + strings.Join(teams, ", ") + "."
			}
			return b.noted(ctx, t, text+" `"+b.opts.Command+" kpi payments last 90 days` is how to ask.", answered, "")
		}
	}
	if err := b.say(ctx, t, partAnswer, blocks.KPI(kpi.Measure(list, o), b.opts.Command)); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, "", answered, "")
}

// histories are the incidents that lie in a scope, with what happened to them.
func (b *Bot) histories(ctx context.Context, scope []analysis.Filter) ([]kpi.History, error) {
	list, err := kpi.FromState(ctx, b.db)
	if err != nil || len(scope) == 0 {
		return list, err
	}
	name, err := b.names(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(h kpi.History) bool {
		return !event.Within(analysis.Event{Slice: placeOf(h.Incident)}, scope, name)
	}), nil
}

// placeOf is where an incident is, by FOCUS column: its slice, and its team.
func placeOf(in state.Incident) map[string]string {
	place := map[string]string{}
	for c, v := range in.Slice {
		place[c] = v
	}
	if in.Team != "" {
		place["x_Team"] = in.Team
	}
	return place
}

func teamsOf(list []kpi.History) []string {
	var out []string
	for _, h := range list {
		if h.Incident.Team != "" {
			out = append(out, h.Incident.Team)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
