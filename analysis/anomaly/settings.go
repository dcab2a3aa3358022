package anomaly

// Settings are a detector's thresholds. The defaults ([Defaults]) are what the product ships, chosen on series with known
// anomalies (analysis/anomaly/bench) whose noise is about an eighth of their level, and on many drawn like them with other noise and other anomalies.
type Settings struct {
	// Trend is how many days the level and its trend are taken from, Season how many the weekdays, Noise how many the spread.
	Trend, Season, Noise int
	// Damp is the share of the trend that is believed: fully believed trends run away after a step.
	Damp float64
	// One is how many standard deviations a single day may be above the expected; days below it may be Drop times as many.
	One, Drop float64
	// Several days in a row stand out together when the sum of their deviations, divided by the square root of their number, reaches
	// Run (Stouffer's z), at most Longest of them, and the last is itself Still above. A day of less than Reset ends the row.
	Run, Still, Reset float64
	Longest           int
	// Accept is after how many days in a row that stand out the new level is taken for the level.
	Accept int
	// Learn is how many days there must be before a day is judged.
	Learn int
	// Quietest is the least standard deviation, as a ratio: a bill that was flat to the cent is not strange for a cent.
	Quietest float64
}

// Defaults are the settings that the product ships.
func Defaults() Settings {
	return Settings{Trend: 112, Season: 364, Noise: 364, Damp: 0.8, One: 2.7, Drop: 1.4, Run: 1.9, Still: 1.5, Reset: 0.4, Longest: 8, Accept: 21, Learn: 28, Quietest: 0.03}
}
