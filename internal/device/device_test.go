package device

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	iPhone  = `{"model":"iPhone15,3","version":"iPhone15,3","osName":"iOS","osVersion":"17.4","connectionType":"WiFi","manufacturer":"Apple","primaryHardwareType":"MobilePhone","displayWidth":1290}`
	android = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36"
)

func encoded(object string) string { return base64.StdEncoding.EncodeToString([]byte(object)) }

func TestFromRequestReadsEverySpellingOfTheHeader(t *testing.T) {
	// An object whose encoding needs padding and the two characters in which
	// the alphabets differ.
	object := strings.Replace(iPhone, "WiFi", "~~~???>>>", 1)
	standard := encoded(object)
	require.Contains(t, standard, "/")
	require.Contains(t, standard, "+")
	want := Info{Platform: IOS, HardwareType: "MobilePhone", Manufacturer: "Apple", Model: "iPhone15,3", OSName: "iOS", OSVersion: "17.4"}
	cases := map[string]string{
		"standard alphabet, padded": standard,
		"standard, not padded":      strings.TrimRight(standard, "="),
		"URL alphabet, padded":      base64.URLEncoding.EncodeToString([]byte(object)),
		"URL alphabet, not padded":  base64.RawURLEncoding.EncodeToString([]byte(object)),
		"wrapped lines":             standard[:76] + " \t" + standard[76:],
		"spaces around it":          "  " + standard + " ",
	}
	for name, header := range cases {
		t.Run(name, func(t *testing.T) {
			info, source := FromRequest(header, android)
			assert.Equal(t, want, info)
			assert.Equal(t, FromHeader, source)
		})
	}
}

func TestFromRequestFallsBackToTheUserAgentAndNeverFails(t *testing.T) {
	cases := []struct {
		name, header, userAgent string
		platform                Platform
		source                  Source
	}{
		{"neither header", "", "", Other, FromNothing},
		{"blank header, no agent", "  ", "", Other, FromNothing},
		{"no header", "", android, Android, FromUserAgent},
		{"no base64", "{}", android, Android, HeaderInvalid},
		{"no base64 and no agent", "!", "", Other, HeaderInvalid},
		{"base64 of no JSON", encoded("hello"), android, Android, HeaderInvalid},
		{"the published sample without its comma", encoded(`{"model":"AFTM" "osName":"Android"}`), android, Android, HeaderInvalid},
		{"a JSON array", encoded(`[]`), android, Android, HeaderInvalid},
		{"a JSON string", encoded(`"x"`), android, Android, HeaderInvalid},
		{"null", encoded(`null`), android, Android, HeaderInvalid},
		{"an object cut short", encoded(iPhone[:40]), android, Android, HeaderInvalid},
		{"more than 8 KiB", encoded(`{"osName":"iOS","x":"` + strings.Repeat("x", 8<<10) + `"}`), android, Android, HeaderInvalid},
		{"an empty object", encoded(`{}`), android, Android, FromHeader},
		{"an object with nothing telling", encoded(`{"model":"x","osName":"y"}`), android, Android, FromHeader},
		{"an object with its own agent", encoded(`{"userAgent":"Roku/DVP-9.10"}`), android, Roku, FromHeader},
		{"values of wrong types", encoded(`{"model":5,"osName":["iOS"],"osVersion":null,"type":{"a":1}}`), android, Android, FromHeader},
		{"one wrong type among good ones", encoded(`{"model":5,"osName":"tvOS"}`), android, TVOS, FromHeader},
		{"an object in an object", encoded(strings.Repeat(`{"a":`, 900) + "1" + strings.Repeat("}", 900)), android, Android, FromHeader},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			info, source := FromRequest(c.header, c.userAgent)
			assert.Equal(t, c.platform, info.Platform)
			assert.Equal(t, c.source, source)
			assert.Contains(t, Sources, source)
		})
	}
}

func TestThePlatformOfADescription(t *testing.T) {
	cases := []struct {
		name   string
		object string
		want   Platform
	}{
		{"an iPhone", iPhone, IOS},
		{"an iPad", `{"osName":"iPadOS"}`, IOS},
		{"an iPad by its model", `{"model":"iPad13,1"}`, IOS},
		{"an Apple TV", `{"model":"AppleTV11,1","osName":"tvOS"}`, TVOS},
		{"an Apple TV that says iOS", `{"model":"AppleTV6,2","osName":"iOS"}`, TVOS},
		{"an Android phone", `{"model":"SM-S901E","osName":"Android","osVersion":"14","primaryHardwareType":"MobilePhone"}`, Android},
		{"an Android television", `{"model":"BRAVIA","manufacturer":"Sony","osName":"Android TV","type":"TV"}`, Android},
		{"Android with its version in the name", `{"osName":"Android 14"}`, Android},
		{"a Fire TV that says Android", `{"model":"AFTMM","manufacturer":"Amazon","osName":"Android"}`, FireOS},
		{"a Fire tablet", `{"model":"KFTRWI","vendor":"Amazon","osName":"Android"}`, FireOS},
		{"Fire OS", `{"osName":"Fire OS"}`, FireOS},
		{"a Roku", `{"model":"4660X","osName":"Roku OS"}`, Roku},
		{"a Roku by its model", `{"model":"Roku 4660X"}`, Roku},
		{"a Samsung television", `{"osName":"Tizen","osVersion":"7.0","primaryHardwareType":"TV"}`, Tizen},
		{"an LG television", `{"osName":"webOS TV 6.0"}`, WebOS},
		{"an LG television that says Linux", `{"osName":"Linux","userAgent":"Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36"}`, WebOS},
		{"an Xbox that says Windows", `{"model":"Xbox Series X","osName":"Windows 10"}`, Xbox},
		{"a PlayStation", `{"model":"PS5","osName":"Orbis OS"}`, PlayStation},
		{"a Chromecast", `{"osName":"CrKey"}`, Chromecast},
		{"a program on Windows", `{"osName":"Windows","primaryHardwareType":"Desktop"}`, Windows},
		{"a page on Windows", `{"osName":"Windows","browserName":"Firefox"}`, Browser},
		{"a page on Linux", `{"osName":"Linux","browserName":"Firefox"}`, Browser},
		{"a page on Android", `{"osName":"Android","browserName":"Chrome"}`, Android},
		{"a program on a Mac", `{"model":"Mac14,2","osName":"Mac OS X"}`, MacOS},
		{"a program on Linux", `{"osName":"Linux"}`, Linux},
		{"the family when the name is unheard-of", `{"osName":"One UI","osFamily":"Android"}`, Android},
		{"nothing known", `{"osName":"BeOS","primaryHardwareType":"Unknown"}`, Other},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.True(t, json.Valid([]byte(c.object)))
			info, source := FromRequest(encoded(c.object), "")
			assert.Equal(t, c.want, info.Platform)
			assert.Equal(t, FromHeader, source)
		})
	}
}

func TestAClientsTextsAreMadeFitForALog(t *testing.T) {
	object, err := json.Marshal(map[string]string{
		"model": "a\r\nb\x00\u202ec", "osName": strings.Repeat("ä", 100), "osVersion": "x\xffy", "type": "x" + strings.Repeat("ä", 100), "manufacturer": strings.Repeat("\n", 1000) + "z",
	})
	require.NoError(t, err)
	info, _ := FromRequest(encoded(string(object)), "")
	assert.Equal(t, "abc", info.Model)
	assert.Equal(t, strings.Repeat("ä", 32), info.OSName)
	assert.Equal(t, "x"+strings.Repeat("ä", 31), info.HardwareType, "a character is kept whole or not at all")
	assert.Equal(t, "xy", info.OSVersion)
	assert.Empty(t, info.Manufacturer)
}

// FuzzDeviceInfo holds that a description is read where the standard library
// reads one, and that what is kept of it is fit for a log and was there.
func FuzzDeviceInfo(f *testing.F) {
	f.Fuzz(func(t *testing.T, header, userAgent string) {
		info, source := FromRequest(header, userAgent)
		require.Contains(t, Platforms, info.Platform)
		require.Contains(t, Sources, source)
		fields := []string{info.HardwareType, info.Manufacturer, info.Model, info.OSName, info.OSVersion}
		for _, field := range fields {
			require.LessOrEqual(t, len(field), maxField)
			require.True(t, utf8.ValidString(field))
			require.False(t, strings.ContainsFunc(field, unicode.IsControl))
		}
		if source != FromHeader {
			require.Equal(t, make([]string, len(fields)), fields, "nothing is kept of what was not read")
			return
		}
		plain := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "=", "", "-", "+", "_", "/").Replace(header)
		text, err := base64.RawStdEncoding.DecodeString(plain)
		require.NoError(t, err)
		var object map[string]any
		require.NoError(t, json.Unmarshal(text, &object))
		require.NotNil(t, object)
		all := ""
		for _, value := range object {
			if value, isText := value.(string); isText {
				all += clean(asText(value)) + "\n"
			}
		}
		for _, field := range fields {
			require.Contains(t, all, field)
		}
	})
}

func asText(value string) text { return text(value) }

func BenchmarkFromRequest(b *testing.B) {
	header := encoded(iPhone)
	b.ReportAllocs()
	for b.Loop() {
		FromRequest(header, android)
	}
}
