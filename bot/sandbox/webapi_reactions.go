package sandbox

import "strings"

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
	if !c.mark(r, m, c.app.BotUser, name, add) {
		if add {
			return nil, refuse("already_reacted")
		}
		return nil, refuse("no_reaction")
	}
	return reply{}, nil
}
