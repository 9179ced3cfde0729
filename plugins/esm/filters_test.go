package esm

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestChannels(t *testing.T) {
	for name, tt := range map[string]struct {
		query string
		every bool
	}{
		"no filter is left to the location":         {"", false},
		"other filters are none of ours":            {"mvpd=Cablevision&mvpd!=Dish&platform", false},
		"one channel is left to the location":       {"requestor-id=REF30", false},
		"several channels are left to the location": {"requestor-id=REF30&requestor-id=CNN", false},
		"all but one":                                 {"requestor-id!=REF30", true},
		"all but one, escaped":                        {"requestor-id%21=REF30", true},
		"all but one, in another case":                {"Requestor-ID!=REF30", true},
		"all but one, negated twice":                  {"requestor-id!!=REF30", true},
		"all but one, with a blank before the mark":   {"requestor-id+!=REF30", true},
		"all but one beside one":                      {"requestor-id=REF30&requestor-id!=CNN", true},
		"less than beside one":                        {"requestor-id=REF30&requestor-id<=CNN", true},
		"more than beside one":                        {"requestor-id=REF30&requestor-id>=A", true},
		"a pattern beside one":                        {"requestor-id=REF30&requestor-id~=.*", true},
		"an escaped sign beside one":                  {"requestor-id=REF30&requestor-id%3D=CNN", true},
		"more than, in another place":                 {"requestor-id=REF30&requestor-id>A", true},
		"a sign in front":                             {"requestor-id=REF30&~requestor-id=CNN", true},
		"a comparison in brackets":                    {"requestor-id=REF30&requestor-id[ne]=CNN", true},
		"a wide sign":                                 {"requestor-id=REF30&requestor-id%EF%BC%81=CNN", true},
		"a list is left to the location":              {"requestor-id[]=REF30&requestor-id[1]=CNN", false},
		"an empty member of a list":                   {"requestor-id[]=", true},
		"another dimension":                           {"requestor-id_x<=a&requestor-id.x=1&requestor-idx!=b", false},
		"the column alone":                            {"requestor-id", true},
		"the column alone, with a sign":               {"requestor-id=", true},
		"the column beside one channel":               {"requestor-id=REF30&requestor-id", true},
		"the negated column":                          {"requestor-id!", true},
		"a query that readers split differently":      {"requestor-id=REF30;requestor-id=CNN", true},
		"a query with a broken escape":                {"requestor-id=REF30&x=%zz", true},
		"a name that only begins alike":               {"requestor-id-hash!=a", false},
		"the channel filter in the value of another":  {"mvpd=requestor-id!", false},
		"a broken escape in the name that matters":    {"requestor%-id=REF30", true},
		"an empty pair between two filters is no one": {"&&mvpd=Dish&", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/esm/v3/year?"+tt.query, nil)
			got := new(Profile).Channels(r, r.URL.Path)
			if tt.every {
				assert.Equal(t, []string{everyChannel}, got)
			} else {
				assert.Empty(t, got)
			}
			assert.Empty(t, (&Profile{ChannelOptional: true}).Channels(r, r.URL.Path), "with channel_optional the backend decides")
		})
	}
}

func TestOnlyChannelOptionalMakesTheChannelOptional(t *testing.T) {
	for _, optional := range []bool{false, true} {
		for _, route := range (&Profile{ChannelOptional: optional}).API().Routes {
			assert.Equal(t, []plugins.Location{
				{In: plugins.InQuery, Name: "requestor-id", Names: plugins.NamesChannel, Required: !optional},
				{In: plugins.InQuery, Name: "media-company", Names: plugins.NamesProgrammer},
			}, route.Entitled)
		}
	}
}
