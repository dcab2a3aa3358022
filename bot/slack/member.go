package slack

import (
	"context"
	"slices"

	"github.com/slack-go/slack"
)

// mostMembers bounds how many of a channel's members are looked through, a thousand a page.
const mostMembers = 50

// Member reports whether a person is in a channel. Of a channel of more than fifty thousand it believes that they are, and where the
// server cannot tell (other stand-ins) too.
func (c *Client) Member(ctx context.Context, channel, person string) (bool, error) {
	cursor := ""
	for range mostMembers {
		list, next, err := c.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: channel, Cursor: cursor, Limit: 1000})
		if err != nil {
			if err = c.failed("conversations.members", err); c.absent("conversations.members", err) {
				return true, nil
			}
			return false, err
		}
		if slices.Contains(list, person) {
			return true, nil
		}
		if next == "" {
			return false, nil
		}
		cursor = next
	}
	return true, nil
}
