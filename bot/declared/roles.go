package declared

import "slices"

// The roles that people take in a declared incident.
const (
	Lead    = "lead"
	Scribe  = "scribe"
	FinOps  = "finops"
	Finance = "finance"
)

// Roles are the roles in the order they are shown.
var Roles = []string{Lead, Scribe, FinOps, Finance}

// RoleWords is a role as people read it.
func RoleWords(role string) string {
	switch role {
	case Lead:
		return "incident lead"
	case Scribe:
		return "scribe"
	case FinOps:
		return "FinOps"
	case Finance:
		return "finance"
	}
	return role
}

// IsRole reports whether there is such a role.
func IsRole(role string) bool { return slices.Contains(Roles, role) }
