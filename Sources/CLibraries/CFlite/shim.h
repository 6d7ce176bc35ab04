// flite 2.2: English speech from text. The voice has no header of its own.
#pragma once
#include <flite/flite.h>

cst_voice *register_cmu_us_slt(const char *voice_directory);
void unregister_cmu_us_slt(cst_voice *voice);
