package guard

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// elsewhere are the reasons that a decision cannot come to, because the
// request never gets that far.
var elsewhere = []Reason{
	TargetAmbiguous, HeaderForbidden, UpgradeNotAllowed, BodyUnreadable, MethodNotAllowed, Preflight,
}

func TestEveryReasonIsReachedOrHandedInByOthers(t *testing.T) {
	var reached []Reason
	for _, c := range cases {
		reached = append(reached, c.want)
	}
	for _, reason := range Reasons {
		assert.NotEqual(t, slices.Contains(reached, reason), slices.Contains(elsewhere, reason), reason)
	}
	for _, reason := range append(reached, elsewhere...) {
		assert.Contains(t, Reasons, reason)
	}
}

func TestEveryReasonIsComplete(t *testing.T) {
	var seen []Reason
	for _, reason := range Reasons {
		assert.Regexp(t, "^[a-z]+(_[a-z]+)*$", string(reason))
		assert.NotContains(t, seen, reason)
		seen = append(seen, reason)
		// The message is also an error_description, RFC 6750 section 3.
		assert.Regexp(t, `^[A-Z][ !#-\[\]-~]+\.$`, reason.Message())
		assert.Regexp(t, `^[A-Z][^|\n]+\.$`, reason.Advice())
	}
}

func TestOnlyOurOwnFaultIsAFault(t *testing.T) {
	for _, reason := range Reasons {
		assert.Equal(t, reason == StateUnavailable, reason.Class() == Fault, reason)
	}
}

func TestAReasonThatIsNoneIsOurFault(t *testing.T) {
	assert.Equal(t, Fault, Reason("").Class())
	assert.Equal(t, StateUnavailable.Message(), Reason("x").Message())
	assert.Equal(t, StateUnavailable.Advice(), Reason("x").Advice())
}
