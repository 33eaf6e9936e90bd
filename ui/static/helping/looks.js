// The style sheet of this folder, loaded once.

import { styled } from "../browser/styled.js";

export const looks = styled("../helping/helping");
