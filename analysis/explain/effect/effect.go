// Package effect splits the change in the cost of one price key into effects that sum to it.
package effect
