package esm

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// everyChannel is what a request names that says which channels it does not
// want. No application has a channel of that name; one that serves every
// channel does not need it.
const everyChannel = "*"

// Channels finds the filters that a Location cannot express. Adobe documents
// four forms: `requestor-id=A` and its repetition pick channels, and those are
// locations; `requestor-id!=A` picks all channels but one; and `requestor-id`
// without a value picks none and adds the column. A backend may let either of
// the last two widen the first, so that they name every channel; so does any
// other comparison.
func (p *Profile) Channels(r *http.Request, _ string) []string {
	if p.ChannelOptional {
		return nil // the backend confines the report, and these only narrow it
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return []string{everyChannel} // it may name anything
	}
	for parameter, values := range query {
		if widens(parameter, values) {
			return []string{everyChannel}
		}
	}
	return nil
}

func widens(parameter string, values []string) bool {
	operator, ok := operatorOf(parameter)
	if !ok {
		return false
	}
	return operator != "" || slices.Contains(values, "")
}

// operatorOf is what stands around the filter's name; ok is false where the
// parameter is another one, such as requestor-id-hash. A sign that nobody
// documents may be a comparison to a backend, so that any counts: with
// `requestor-id<=CNN` the parameter's name ends in one.
func operatorOf(parameter string) (operator string, ok bool) {
	name := strings.TrimLeftFunc(parameter, isSign)
	if len(name) < len(channelFilter) || !strings.EqualFold(name[:len(channelFilter)], channelFilter) {
		return "", false
	}
	before, after := parameter[:len(parameter)-len(name)], name[len(channelFilter):]
	if next, _ := utf8.DecodeRuneInString(after); after != "" && !isSign(next) {
		return "", false
	}
	// Some servers drop blanks around a name, and take name[] and name[0] for it.
	return strings.Trim(before+ordinal.ReplaceAllString(after, ""), " \t"), true
}

// ordinal is how some frameworks write the members of a list.
var ordinal = regexp.MustCompile(`^\[[0-9]*\][ \t]*$`)

func isSign(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
}
