package scope_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want []string
	}{
		"an empty list is the empty set":         {"", nil},
		"spaces separate":                        {"b a", []string{"a", "b"}},
		"commas separate, as Adobe writes them":  {"api:client:v2,analytics:client", []string{"analytics:client", "api:client:v2"}},
		"a scope named twice counts once":        {"a a,a", []string{"a"}},
		"case matters":                           {"A a", []string{"A", "a"}},
		"separators without scopes hold nothing": {" , ,", nil},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := scope.Parse(tc.in)
			require.NoError(t, err)
			assert.ElementsMatch(t, tc.want, set.Values())
		})
	}
}

func TestNewRefusesWhatIsNoScope(t *testing.T) {
	for name, value := range map[string]string{
		"empty": "", "space": "a b", "quote": `a"`, "backslash": `a\`, "comma": "a,b",
		"control character": "a\x01", "beyond ASCII": "é", "too long": strings.Repeat("a", 129),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scope.New("fine", value)
			assert.Error(t, err)
		})
	}
	_, err := scope.Parse(strings.Repeat("a,", 100))
	assert.Error(t, err, "too many")
}

func TestSet(t *testing.T) {
	set := scope.Must("b", "a")
	assert.Equal(t, "a b", set.String())
	assert.Equal(t, "a,b", set.Commas())
	assert.True(t, set.Has("a"))
	assert.False(t, set.Has("A"))
	assert.True(t, set.HasAny("x", "b"))
	assert.False(t, set.HasAny("x", ""))
	assert.True(t, scope.Must("a").Within(set))
	assert.True(t, scope.Set{}.Within(set))
	assert.False(t, scope.Must("a", "c").Within(set))
}

func TestMustTakesWhatTheProgramNamesAndNothingElse(t *testing.T) {
	assert.Panics(t, func() { scope.Must("a b") })
}

// FuzzScope compares with maps of the words between spaces and commas.
func FuzzScope(f *testing.F) {
	f.Fuzz(func(t *testing.T, first, second string) {
		a, err := scope.Parse(first)
		if err != nil {
			return
		}
		words := wordsOf(first)
		require.Len(t, a.Values(), len(words))
		require.Equal(t, len(words), a.Len())
		for _, value := range a.Values() {
			require.True(t, words[value], value)
		}
		require.True(t, slices.IsSorted(a.Values()))
		for _, form := range []string{a.String(), a.Commas()} {
			again, err := scope.Parse(form)
			require.NoError(t, err)
			require.Equal(t, a.Values(), again.Values())
		}
		b, err := scope.Parse(second)
		if err != nil {
			return
		}
		within, some := true, false
		for word := range words {
			within = within && wordsOf(second)[word]
			some = some || wordsOf(second)[word]
			require.True(t, a.Has(word))
		}
		require.Equal(t, within, a.Within(b))
		require.Equal(t, some, a.HasAny(b.Values()...))
		for word := range wordsOf(second) {
			require.Equal(t, words[word], a.Has(word))
		}
	})
}

func wordsOf(list string) map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.Split(strings.ReplaceAll(list, ",", " "), " ") {
		if word != "" {
			words[word] = true
		}
	}
	return words
}

func TestCommonIsWhatBothHold(t *testing.T) {
	ab, bc := scope.Must("b", "a"), scope.Must("c", "b")
	assert.Equal(t, "b", ab.Common(bc).String())
	assert.Equal(t, "a b", ab.Common(ab).String())
	assert.Zero(t, ab.Common(scope.Set{}).Len())
	assert.Zero(t, scope.Set{}.Common(ab).Len())
	assert.Equal(t, "a b", ab.String(), "neither changes")
}
