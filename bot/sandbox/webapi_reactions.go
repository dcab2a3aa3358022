package sandbox

import (
	"slices"
	"strings"
)

var reactionsAPI = map[string]method{
	"reactions.add": {scope: anyOf("reactions:write"), required: []string{"name", "channel", "timestamp"},
		run: func(c *call) (reply, error) { return c.react(true) }},
	"reactions.remove": {scope: anyOf("reactions:write"), required: []string{"name", "channel", "timestamp"},
		run: func(c *call) (reply, error) { return c.react(false) }},
}

func (c *call) react(add bool) (reply, error) {
	r, err := c.readable(c.args["channel"])
	if err != nil {
		return nil, err
	}
	m := r.byTS[c.args["timestamp"]]
	name := strings.Trim(c.args["name"], ":")
	switch {
	case m == nil:
		return nil, refuse("message_not_found")
	case r.Archived:
		return nil, refuse("is_archived")
	case !r.has(c.app.BotUser):
		return nil, refuse("not_in_channel")
	case strings.ContainsAny(name, " \t\n") || name == "":
		return nil, refuse("invalid_name")
	}
	i := slices.IndexFunc(m.reactions, func(x reaction) bool { return x.name == name })
	mine := i >= 0 && slices.Contains(m.reactions[i].users, c.app.BotUser)
	switch {
	case add && mine:
		return nil, refuse("already_reacted")
	case !add && !mine:
		return nil, refuse("no_reaction")
	case add && i < 0:
		m.reactions = append(m.reactions, reaction{name, []string{c.app.BotUser}})
	case add:
		m.reactions[i].users = append(m.reactions[i].users, c.app.BotUser)
	default:
		m.reactions[i].users = slices.DeleteFunc(m.reactions[i].users, func(u string) bool { return u == c.app.BotUser })
		if len(m.reactions[i].users) == 0 {
			m.reactions = slices.Delete(m.reactions, i, i+1)
		}
	}
	c.showRoom(r, notice{Type: "update", TS: m.ts, Thread: m.thread})
	c.changed.Broadcast()
	return reply{}, nil
}
