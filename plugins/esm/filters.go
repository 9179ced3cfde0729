package esm

import (
	"net/http"
	"net/url"
	"strings"
)

// everyChannel is what a request names that says which channels it does not
// want. No application has a channel of that name; one that serves every
// channel does not need it.
const everyChannel = "*"

// Channels finds the filters that a Location cannot express. Adobe documents
// four forms: `requestor-id=A` and its repetition pick channels, and those are
// locations; `requestor-id!=A` picks all channels but one; and `requestor-id`
// without a value picks none and adds the column. A backend may let either of
// the last two widen the first, so that they name every channel.
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
	// Some servers drop blanks around a name.
	if !strings.EqualFold(strings.Trim(parameter, "! \t"), channelFilter) {
		return false
	}
	if strings.Contains(parameter, "!") {
		return true
	}
	for _, value := range values {
		if value == "" {
			return true
		}
	}
	return false
}
