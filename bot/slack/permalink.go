package slack

import (
	"regexp"
	"strings"
)

var (
	linkChannel = regexp.MustCompile(`^[CDG][A-Z0-9]{1,30}$`)
	linkTS      = regexp.MustCompile(`^[0-9]{1,20}\.[0-9]{1,10}$`)
)

// Permalink is a message's address in the workspace, as chat.getPermalink gives it: the channel, and the ts without its dot. "" where it cannot be told.
func Permalink(s Self, channel, ts string) string {
	if !strings.HasPrefix(s.URL, "http") || !linkChannel.MatchString(channel) || !linkTS.MatchString(ts) {
		return ""
	}
	return strings.TrimRight(s.URL, "/") + "/archives/" + channel + "/p" + strings.Replace(ts, ".", "", 1)
}
