package sandbox

import (
	"slices"
	"strings"
	"time"
)

var usersAPI = map[string]method{
	"users.info":            {scope: anyOf("users:read"), run: (*call).userInfo},
	"users.list":            {scope: anyOf("users:read"), run: (*call).userList},
	"users.lookupByEmail":   {scope: anyOf("users:read.email"), required: []string{"email"}, run: (*call).userByEmail},
	"usergroups.list":       {scope: anyOf("usergroups:read"), run: (*call).groupList},
	"usergroups.users.list": {scope: anyOf("usergroups:read"), required: []string{"usergroup"}, run: (*call).groupMembers},
}

func (s *Sandbox) wireUser(u *User) map[string]any {
	zone := u.TZ
	if zone == "" {
		zone = "Europe/Berlin"
	}
	label, offset := "UTC", 0
	if loc, err := time.LoadLocation(zone); err == nil {
		label, offset = s.now().In(loc).Zone()
	}
	first, last, _ := strings.Cut(u.RealName, " ")
	profile := map[string]any{"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": u.Name, "display_name_normalized": u.Name,
		"first_name": first, "last_name": last, "title": u.Title, "team": u.Team,
		"avatar_hash": "", "status_text": "", "status_emoji": "", "fields": map[string]any{}}
	if u.Email != "" && slices.Contains(s.app.Scopes, "users:read.email") && !u.Stranger {
		profile["email"] = u.Email
	}
	o := map[string]any{"id": u.ID, "team_id": u.Team, "name": u.Name, "deleted": u.Deleted, "color": u.Color, "real_name": u.RealName, "tz": zone,
		"tz_label": label, "tz_offset": offset, "profile": profile, "is_bot": u.Bot, "is_app_user": false, "updated": 0, "is_email_confirmed": true}
	if u.Bot {
		profile["bot_id"] = u.BotID
		if u.ID == s.app.BotUser {
			profile["api_app_id"] = s.app.ID
		}
	}
	if u.Stranger {
		o["is_stranger"] = true
	}
	if !u.Deleted {
		o["is_admin"], o["is_owner"], o["is_primary_owner"] = u.Admin, false, false
		o["is_restricted"], o["is_ultra_restricted"] = u.Guest, u.Guest
	}
	return o
}

func (c *call) userInfo() (reply, error) {
	if many := c.args["users"]; many != "" {
		list := []any{}
		for id := range strings.SplitSeq(many, ",") {
			u := c.users[strings.TrimSpace(id)]
			if u == nil {
				return nil, refuse("user_not_found")
			}
			list = append(list, c.wireUser(u))
		}
		return reply{"users": list}, nil
	}
	if c.args["user"] == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: user")
	}
	u := c.users[c.args["user"]]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	o := c.wireUser(u)
	if c.args.is("include_locale") {
		o["locale"] = "en-GB"
	}
	return reply{"user": o}, nil
}

func (c *call) userList() (reply, error) {
	part, next, err := cut(c, c.order, 1000, 1000)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, id := range part {
		list = append(list, c.wireUser(c.users[id]))
	}
	return reply{"members": list, "cache_ts": c.now().Unix(), "response_metadata": cursor(next)}, nil
}

func (c *call) userByEmail() (reply, error) {
	for _, id := range c.order {
		if u := c.users[id]; u.Email != "" && strings.EqualFold(u.Email, c.args["email"]) && !u.Deleted && !u.Stranger {
			return reply{"user": c.wireUser(u)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func (c *call) groupList() (reply, error) {
	list := []any{}
	for _, g := range c.groups {
		if g.Disabled && !c.args.is("include_disabled") {
			continue
		}
		o := map[string]any{"id": g.ID, "team_id": c.team.ID, "is_usergroup": true, "name": g.Name, "handle": g.Handle, "description": g.Description,
			"is_external": false, "auto_type": nil, "prefs": map[string]any{"channels": []any{}, "groups": []any{}}, "date_create": 0, "date_delete": 0}
		if g.Disabled {
			o["date_delete"] = 1
		}
		if c.args.is("include_users") {
			o["users"] = g.Users
		}
		if c.args.is("include_count") {
			o["user_count"] = len(g.Users)
		}
		list = append(list, o)
	}
	return reply{"usergroups": list}, nil
}

func (c *call) groupMembers() (reply, error) {
	for _, g := range c.groups {
		if g.ID == c.args["usergroup"] && (!g.Disabled || c.args.is("include_disabled")) {
			return reply{"users": g.Users}, nil
		}
	}
	return nil, refuse("no_such_subteam")
}
