/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Describes the screen as firmware left it. The mode is never changed: the core and dom0 draw on
 * what is there. A screen that can only be drawn on by firmware calls (BltOnly) is no screen.
 */
#include "loader.h"

static void set_channel(uint32_t mask, uint8_t *position, uint8_t *bits)
{
	*position = mask ? (uint8_t)__builtin_ctz(mask) : 0;
	*bits = 0;
	for (; mask; mask &= mask - 1) {
		(*bits)++;
	}
}

/* The masks of the two fixed formats: UEFI 2.10, 12.9.2, EFI_GRAPHICS_PIXEL_FORMAT. */
static bool pixel_masks(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode, EFI_PIXEL_BITMASK *masks)
{
	switch (mode->PixelFormat) {
	case PixelRedGreenBlueReserved8BitPerColor:
		*masks = (EFI_PIXEL_BITMASK){0xff, 0xff00, 0xff0000, 0xff000000};
		return true;
	case PixelBlueGreenRedReserved8BitPerColor:
		*masks = (EFI_PIXEL_BITMASK){0xff0000, 0xff00, 0xff, 0xff000000};
		return true;
	case PixelBitMask:
		*masks = mode->PixelInformation;
		return true;
	case PixelBltOnly:
	case PixelFormatMax:
		break;
	}
	return false;
}

/* A bit mask's pixel is as wide as its highest bit says, in whole bytes. */
static uint32_t pixel_bits(const EFI_PIXEL_BITMASK *masks)
{
	uint32_t all = masks->RedMask | masks->GreenMask | masks->BlueMask | masks->ReservedMask;
	uint32_t bits = all ? 32 - (uint32_t)__builtin_clz(all) : 0;

	return (bits + 7) / 8 * 8;
}

void video_describe(struct boot_framebuffer *framebuffer)
{
	EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *output = NULL;
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;
	EFI_PIXEL_BITMASK masks;

	if (EFI_ERROR(BS->LocateProtocol(&guid, NULL, (void **)&output)) || !output->Mode ||
	    !output->Mode->Info) {
		return;
	}
	mode = output->Mode->Info;
	if (!output->Mode->FrameBufferBase || !pixel_masks(mode, &masks)) {
		return;
	}
	framebuffer->base = output->Mode->FrameBufferBase;
	framebuffer->bytes = output->Mode->FrameBufferSize;
	framebuffer->width = mode->HorizontalResolution;
	framebuffer->height = mode->VerticalResolution;
	framebuffer->bits_per_pixel = pixel_bits(&masks);
	framebuffer->pitch = mode->PixelsPerScanLine * (framebuffer->bits_per_pixel / 8);
	set_channel(masks.RedMask, &framebuffer->red_position, &framebuffer->red_bits);
	set_channel(masks.GreenMask, &framebuffer->green_position, &framebuffer->green_bits);
	set_channel(masks.BlueMask, &framebuffer->blue_position, &framebuffer->blue_bits);
	set_channel(masks.ReservedMask, &framebuffer->reserved_position,
		    &framebuffer->reserved_bits);
}
