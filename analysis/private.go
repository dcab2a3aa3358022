package analysis

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Comments around the part of a query that not everybody may read. The id is made of the part itself, which therefore cannot hold it.
const (
	privateBegins = "/* private:"
	privateEnds   = "/* end of private:"
	privateID     = 16 // characters
)

// MarkPrivate marks a part of a query's SQL as one that names what not everybody may see. The query runs as before.
func MarkPrivate(sql string) string {
	sum := sha256.Sum256([]byte(sql))
	id := hex.EncodeToString(sum[:])[:privateID]
	return privateBegins + id + " */ " + sql + " " + privateEnds + id + " */"
}

// leftOut stands in the place of what is not shown.
const leftOut = "/* the rules that say whose each row is: they may name others, and are left out here */"

// Shown is the SQL as readers with a scope may see it: without the parts that are marked as private, unless they see everything.
// What is left does not run.
func (q QueryTrace) Shown(scope []Filter) string {
	if len(scope) == 0 {
		return q.SQL
	}
	var b strings.Builder
	rest := q.SQL
	for {
		before, after, found := strings.Cut(rest, privateBegins)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(leftOut)
		if len(after) < privateID {
			return b.String()
		}
		_, after, found = strings.Cut(after, privateEnds+after[:privateID]+" */")
		if !found { // cut off in the middle: nothing behind it is shown either
			return b.String()
		}
		rest = after
	}
}
