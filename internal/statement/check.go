package statement

// Check says what came of looking at a software statement. The set is closed:
// it is a label.
type Check string

const (
	// CheckVerified is a good one whose signature was verified.
	CheckVerified Check = "verified"
	// CheckRemembered is a good one that was verified before.
	CheckRemembered Check = "remembered"
	// CheckRefused is one that was not believed.
	CheckRefused Check = "refused"
)

// Checks lists the closed set.
var Checks = []Check{CheckVerified, CheckRemembered, CheckRefused}
