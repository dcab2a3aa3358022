package sandbox

import "maps"

var authAPI = map[string]method{
	"api.test":              {anyone: true, run: (*call).apiTest},
	"auth.test":             {either: true, run: (*call).authTest},
	"apps.connections.open": {app: true, run: (*call).openConnection},
	"team.info":             {scope: anyOf("team:read"), run: (*call).teamInfo},
	"bots.info":             {scope: anyOf("users:read"), run: (*call).botInfo},
}

func (c *call) apiTest() (reply, error) {
	if code := c.args["error"]; code != "" {
		return nil, refuse(code)
	}
	return reply{"args": maps.Clone(c.args)}, nil
}

func (c *call) authTest() (reply, error) {
	if c.token == c.app.AppToken {
		return reply{"app_name": c.app.Name, "app_id": c.app.ID}, nil
	}
	return reply{"url": c.from + "/", "team": c.team.Name, "user": c.users[c.app.BotUser].Name, "team_id": c.team.ID,
		"user_id": c.app.BotUser, "bot_id": c.app.BotID, "is_enterprise_install": false}, nil
}

func (c *call) teamInfo() (reply, error) {
	t := c.team
	if id := c.args["team"]; id != "" {
		var ok bool
		if t, ok = c.teams[id]; !ok {
			return nil, refuse("team_not_found")
		}
	}
	return reply{"team": map[string]any{"id": t.ID, "name": t.Name, "domain": t.Domain, "email_domain": "",
		"icon": map[string]any{"image_default": true}}}, nil
}

func (c *call) botInfo() (reply, error) {
	for _, id := range c.order {
		if u := c.users[id]; u.Bot && u.BotID == c.args["bot"] {
			b := map[string]any{"id": u.BotID, "deleted": u.Deleted, "name": u.RealName, "updated": 0, "user_id": u.ID, "icons": map[string]any{}}
			if u.ID == c.app.BotUser {
				b["app_id"] = c.app.ID
			}
			return reply{"bot": b}, nil
		}
	}
	return nil, refuse("bot_not_found")
}
