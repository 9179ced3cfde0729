package device_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
)

func theirs() device.Catalogue {
	c := device.Catalogue{}
	c.Add("VIDAA", "Vidaa OS", "Hisense")
	c.Add("Set-top_9", "STB 9000")
	return c
}

func TestAPlatformOfTheCatalogueIsReadInAnySpelling(t *testing.T) {
	for text, want := range map[string]device.Platform{
		"VIDAA": "VIDAA", "vidaa": "VIDAA", "Vidaa-OS": "VIDAA", "HISENSE": "VIDAA", "set top 9": "Set-top_9", "stb9000": "Set-top_9",
		"ipad": device.IOS, "tvOS": device.TVOS,
	} {
		got, err := theirs().Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	_, err := theirs().Parse("Fridge")
	require.ErrorContains(t, err, `platform: got "Fridge", want one of Android`)
	require.ErrorContains(t, err, "or one of the catalogue's own")
	_, err = device.Catalogue(nil).Parse("Fridge")
	require.ErrorContains(t, err, `got "Fridge"`)
	assert.NotContains(t, err.Error(), "catalogue")
}

func TestADeviceIsRecognisedByTheCatalogue(t *testing.T) {
	for name, c := range map[string]struct {
		info device.Info
		want device.Platform
	}{
		"by its system":                       {device.Info{OSName: "Vidaa OS", Platform: device.Other}, "VIDAA"},
		"by its system, with a version":       {device.Info{OSName: "VIDAA 5.0", Platform: device.Other}, "VIDAA"},
		"by its model":                        {device.Info{OSName: "Linux", Model: "STB-9000", Platform: device.Linux}, "Set-top_9"},
		"by its manufacturer":                 {device.Info{OSName: "Android", Manufacturer: "hisense", Platform: device.Android}, "VIDAA"},
		"by its system before its model":      {device.Info{OSName: "VIDAA", Model: "STB 9000"}, "VIDAA"},
		"not by a name that only begins so":   {device.Info{OSName: "Vidaalike", Platform: device.Other}, device.Other},
		"not by a short name before a number": {device.Info{OSName: "V5", Platform: device.Other}, device.Other},
		"not when it says nothing":            {device.Info{Platform: device.Roku}, device.Roku},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, theirs().Recognise(c.info))
			assert.Equal(t, c.info.Platform, device.Catalogue(nil).Recognise(c.info))
		})
	}
}

func TestANameWithoutAnythingToCompareNamesNothing(t *testing.T) {
	assert.False(t, device.Comparable("日本"))
	assert.False(t, device.Comparable(" -_"))
	assert.True(t, device.Comparable("9"))
	c := device.Catalogue{}
	c.Add("---", "テレビ")
	assert.Empty(t, c)
	assert.Equal(t, device.Other, c.Recognise(device.Info{OSName: "テレビ", Platform: device.Other}))
}
